import type { Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'
import { fatalDeaths } from '../../engine/job-row.ts'
import { workerDied } from './expired-leases.ts'
import type { JobStatus } from '../../../schemas/job.ts'
import { claimedStatuses } from '../../engine/states.ts'
import { mayTake, statusIn } from './status-sql.ts'
import { isCapable } from './workers.ts'

/** How a job that is taken from its worker has to end. */
export type TransactionOutcome = 'cancelled' | 'poisoned' | 'stuck'

export interface TakenJob {
  id: string
  selection_id: string
  /** The sweep's own claim: with it, and only with it, the job can be ended now. */
  fence: number
  verdict: TransactionOutcome
  backend_pid: number | null
  backend_start: Date | null
}

/** SQL over $1 (the time), $2 (deaths) and $3 (milliseconds without a move). One expression on one row: it is judged anew on the row that was locked. */
const verdict = `CASE
  WHEN lease < $1 AND ${mayTake('settleCancel')} THEN 'cancelled'
  WHEN lease < $1 AND ${mayTake('requeue')} AND deaths + ${workerDied}::int >= $2 THEN 'poisoned'
  WHEN lease >= $1 AND progressed_at < $1::timestamptz - $3 * interval '1 ms' THEN 'stuck'
END`

/**
 * Takes jobs away from workers that must not go on with them: a dead one whose job was to be cancelled, one that would
 * be the last that its job killed, and one that lives but has not moved for too long. The new fence is what stops the
 * worker: its next commit is refused. The job is not ended here, because ending it locks its row last, and the old
 * backend's row locks have to go first. To other sweeps the job looks claimed, and moving; one that dies in between leaves
 * a lease that runs out like any other.
 *
 * Input: the time, how long nothing may move, how long the sweep's claim stands, how many jobs at most.
 * Output: the jobs that this call has taken.
 */
export async function takeOverJobs (
  sql: Sql, tables: Tables,
  { now, maxTaskDurationMs, leaseMs, limit }: { now: Date, maxTaskDurationMs: number, leaseMs: number, limit: number }
): Promise<TakenJob[]> {
  return sql.query<TakenJob>(`
    WITH due AS (
      SELECT id AS taken_id, ${verdict} AS verdict FROM ${tables.job}
      WHERE ${statusIn(claimedStatuses)} AND (${verdict}) IS NOT NULL
      LIMIT $5
      FOR UPDATE SKIP LOCKED
    )
    UPDATE ${tables.job}
    SET fence = fence + 1, lease = $1::timestamptz + $4 * interval '1 ms', progressed_at = $1, deaths = deaths + (verdict = 'poisoned')::int
    FROM due WHERE id = taken_id
    RETURNING id, selection_id, fence, verdict, backend_pid, backend_start`, [now, fatalDeaths, maxTaskDurationMs, leaseMs, limit])
}

export interface AbandonedJob {
  id: string
  selection_id: string
  fence: number
  status: JobStatus
  /** Why workers that lived left it to others. */
  blocked_reason: string | null
}

/**
 * Abandoned jobs: no worker has touched them, and no capable one was alive, for `ttlMs`. A paused job
 * waits for a person and is not one of them.
 *
 * Input: the time, and how many at most. Output: the jobs as they were read; a claim meanwhile moves the fence.
 */
export async function findAbandonedJobs (
  sql: Sql, tables: Tables, { now, ttlMs, limit }: { now: Date, ttlMs: number, limit: number }
): Promise<AbandonedJob[]> {
  return sql.query<AbandonedJob>(`
    SELECT id, selection_id, fence, status, hindrance AS blocked_reason FROM ${tables.job} AS job
    WHERE ${mayTake('abandon')} AND touched_at < $1::timestamptz - $2 * interval '1 ms'
      AND (run_after IS NULL OR run_after < $1::timestamptz - $2 * interval '1 ms')
      AND NOT EXISTS (SELECT FROM ${tables.worker} AS worker
        WHERE seen_at >= $1::timestamptz - $2 * interval '1 ms' AND ${isCapable({ worker: 'worker', job: 'job' })})
    ORDER BY touched_at
    LIMIT $3`, [now, ttlMs, limit])
}
