import type { Sql } from '../../database/sql.ts'

/** What a backend is called in pg_stat_activity while it is in a transaction of a job, and only then. */
export function backendName (jobId: string): string {
  return `powercrud ${jobId}`
}

/**
 * Ends the backend of a claim that was lost: a worker that froze while reading is caught by no timeout, and its row
 * locks would block the successor. The start tells it from another backend that got the same pid; the name, from what
 * the pool of a worker that lives does with the connection by now.
 */
export async function terminateBackend (sql: Sql, { jobId, pid, start }: { jobId: string, pid: number, start: Date }): Promise<void> {
  await sql.query(`
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE pid = $1 AND date_trunc('milliseconds', backend_start) = $2 AND application_name = $3`, [pid, start, backendName(jobId)])
}
