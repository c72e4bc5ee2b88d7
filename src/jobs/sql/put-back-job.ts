import type { Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'

/**
 * A worker that shuts down gives its job back: no lease, the same delivery number, and the attempt does not count.
 * Output: whether it was still this worker's to give.
 */
export async function putBackJob (sql: Sql, tables: Tables, { id, fence }: { id: string, fence: number }): Promise<boolean> {
  const rows = await sql.query(`
    UPDATE ${tables.job}
    SET status = 'queued', lease = NULL, worker = NULL, backend_pid = NULL, backend_start = NULL, attempts = attempts - 1, touched_at = now()
    WHERE id = $1 AND fence = $2 AND status = 'running'
    RETURNING 1`, [id, fence])
  return rows.length > 0
}
