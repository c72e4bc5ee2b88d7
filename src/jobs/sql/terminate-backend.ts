import type { Sql } from '../../database/sql.ts'

/**
 * Ends the backend of a claim that was lost: a worker that froze while reading is caught by no timeout, and its row
 * locks would block the successor. The start tells it from another backend that got the same pid.
 */
export async function terminateBackend (sql: Sql, { pid, start }: { pid: number, start: Date }): Promise<void> {
  await sql.query(`
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE pid = $1 AND date_trunc('milliseconds', backend_start) = $2 AND pid <> pg_backend_pid()`, [pid, start])
}
