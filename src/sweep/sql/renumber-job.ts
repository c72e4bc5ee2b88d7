import type { Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'

/**
 * Gives a queued job a new delivery number, because the queue holds the old one and will do nothing with it.
 * Output: the new number; undefined when somebody has the job by now, or renumbered it first.
 */
export async function renumberJob (sql: Sql, tables: Tables, { id, n }: { id: string, n: number }): Promise<number | undefined> {
  const [row] = await sql.query<{ n: number }>(`
    UPDATE ${tables.job} SET n = n + 1 WHERE id = $1 AND n = $2 AND status = 'queued' RETURNING n`, [id, n])
  return row?.n
}
