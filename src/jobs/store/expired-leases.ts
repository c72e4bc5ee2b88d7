import type { Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'
import { fatalDeaths } from '../../engine/job-row.ts'
import { mayTake, statusAfter } from './status-sql.ts'

/**
 * SQL, about a job row whose lease ran out: whether it was its worker that failed. Where the database itself went away
 * and was started again since the last heartbeat, no worker can be blamed, and the job is not poison.
 */
export const workerDied = '(pg_postmaster_start_time() < touched_at)'

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
      WHERE ${mayTake('requeue')} AND lease < $1 AND deaths + ${workerDied}::int < $2
      ORDER BY lease
      LIMIT $3
      FOR UPDATE SKIP LOCKED
    )
    UPDATE ${tables.job} SET status = ${statusAfter('requeue')}, n = n + 1, deaths = deaths + death, lease = NULL, worker = NULL
    FROM dead WHERE id = dead_id
    RETURNING id, n, deaths, backend_pid, backend_start`, [now, fatalDeaths, limit])
}

/**
 * A job that was to pause, and whose worker died before it did, is paused: what its last chunk wrote was rolled back.
 * Output: the jobs that were moved by this call.
 */
export async function pauseDeadJobs (sql: Sql, tables: Tables, { now, limit }: { now: Date, limit: number }): Promise<DeadJob[]> {
  return sql.query<DeadJob>(`
    WITH dead AS (
      SELECT id AS dead_id, ${workerDied}::int AS death FROM ${tables.job}
      WHERE ${mayTake('pause')} AND lease < $1
      ORDER BY lease
      LIMIT $2
      FOR UPDATE SKIP LOCKED
    )
    UPDATE ${tables.job} SET status = ${statusAfter('pause')}, deaths = deaths + death, lease = NULL, worker = NULL
    FROM dead WHERE id = dead_id
    RETURNING id, n, deaths, backend_pid, backend_start`, [now, limit])
}
