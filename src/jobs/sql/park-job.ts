import type { Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'

/** The worker of a pausing job lets go of it. Output: whether it was still this worker's to park. */
export async function parkJob (sql: Sql, tables: Tables, { id, fence }: { id: string, fence: number }): Promise<boolean> {
  const rows = await sql.query(`
    UPDATE ${tables.job}
    SET status = 'paused', lease = NULL, worker = NULL, backend_pid = NULL, backend_start = NULL, touched_at = now()
    WHERE id = $1 AND fence = $2 AND status = 'pausing'
    RETURNING 1`, [id, fence])
  return rows.length > 0
}
