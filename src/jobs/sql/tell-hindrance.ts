import type { Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'

/** Keeps why a worker left a queued job to others, for people to see; whoever takes it up forgets it. Output: whether it did. */
export async function tellHindrance (sql: Sql, tables: Tables, { id, n, hindrance }: { id: string, n: number, hindrance: string }): Promise<boolean> {
  const rows = await sql.query(`
    UPDATE ${tables.job} SET hindrance = $3
    WHERE id = $1 AND n = $2 AND status = 'queued' AND hindrance IS DISTINCT FROM $3
    RETURNING 1`, [id, n, hindrance])
  return rows.length > 0
}
