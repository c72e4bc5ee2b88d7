import type { Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'
import { fatalDeaths } from '../../jobs/job-row.ts'
import { workerDied } from '../../jobs/sql/worker-died.ts'

/** A job that was taken from a worker that died, with the backend that may still work for it. */
export interface DeadJob {
  id: string
  n: number
  deaths: number
  backend_pid: number | null
  backend_start: Date | null
}

/**
 * Puts jobs whose lease ran out back into the queue, with a new delivery number: the queue may know the old one still,
 * and would ignore it. Their old workers cannot commit any more, since no commit is let through under `queued`. The
 * backend stays in the row for the next claim, which ends it if the caller does not come to it.
 *
 * Input: the time, and how many jobs at most. Output: those that were moved by this call; others that sweep at the same
 * time skip them.
 */
export async function requeueDeadJobs (sql: Sql, tables: Tables, { now, limit }: { now: Date, limit: number }): Promise<DeadJob[]> {
  return sql.query<DeadJob>(`
    WITH dead AS (
      SELECT id AS dead_id, ${workerDied}::int AS death FROM ${tables.job}
      WHERE status = 'running' AND lease < $1 AND deaths + ${workerDied}::int < $2
      ORDER BY lease
      LIMIT $3
      FOR UPDATE SKIP LOCKED
    )
    UPDATE ${tables.job} SET status = 'queued', n = n + 1, deaths = deaths + death, lease = NULL, worker = NULL
    FROM dead WHERE id = dead_id
    RETURNING id, n, deaths, backend_pid, backend_start`, [now, fatalDeaths, limit])
}
