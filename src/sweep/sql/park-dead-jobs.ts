import type { Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'
import { workerDied } from '../../jobs/sql/worker-died.ts'
import type { DeadJob } from './requeue-dead-jobs.ts'

/**
 * A job that was to pause, and whose worker died before it did, is paused: what its last chunk wrote was rolled back.
 * Output: the jobs that were moved by this call.
 */
export async function parkDeadJobs (sql: Sql, tables: Tables, { now, limit }: { now: Date, limit: number }): Promise<DeadJob[]> {
  return sql.query<DeadJob>(`
    WITH dead AS (
      SELECT id AS dead_id, ${workerDied}::int AS death FROM ${tables.job}
      WHERE status = 'pausing' AND lease < $1
      ORDER BY lease
      LIMIT $2
      FOR UPDATE SKIP LOCKED
    )
    UPDATE ${tables.job} SET status = 'paused', deaths = deaths + death, lease = NULL, worker = NULL
    FROM dead WHERE id = dead_id
    RETURNING id, n, deaths, backend_pid, backend_start`, [now, limit])
}
