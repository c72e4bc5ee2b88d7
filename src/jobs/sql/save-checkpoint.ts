import type { Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'

/**
 * Keeps from where a task can go on: the last statement before the COMMIT of what it has written so far, and its fence.
 * Output: whether the claim still stands, and nobody asked the job to stop.
 */
export async function saveCheckpoint (sql: Sql, tables: Tables, { id, fence, value }: { id: string, fence: number, value: unknown }): Promise<boolean> {
  const rows = await sql.query(`
    UPDATE ${tables.job} SET checkpoint = $3, progressed_at = now(), touched_at = now()
    WHERE id = $1 AND fence = $2 AND status = 'running' RETURNING 1`, [id, fence, JSON.stringify(value)])
  return rows.length > 0
}
