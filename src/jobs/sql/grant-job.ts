import type { Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'

/** A waiting job gets its records, and wants a worker. Output: whether it was still waiting. */
export async function grantJob (sql: Sql, tables: Tables, id: string): Promise<boolean> {
  const rows = await sql.query(`
    UPDATE ${tables.job} SET status = 'queued', touched_at = now() WHERE id = $1 AND status = 'waiting' RETURNING 1`, [id])
  return rows.length > 0
}
