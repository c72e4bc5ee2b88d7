import type { Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'
import { type JobRow, withInstants, type JobCounts } from '../../engine/job-row.ts'
import { engineError } from '../../errors.ts'
import { transitions, type EndTransition } from '../../engine/states.ts'
import type { JobStatus, TerminalStatus } from '../../../schemas/job.ts'
import { mayTake, statusAfter } from './status-sql.ts'

/**
 * A worker that shuts down gives its job back: no lease, the same delivery number, and the attempt does not count.
 * Output: whether it was still this worker's to give.
 */
export async function releaseJob (sql: Sql, tables: Tables, { id, fence }: { id: string, fence: number }): Promise<boolean> {
  const rows = await sql.query(`
    UPDATE ${tables.job}
    SET status = ${statusAfter('release')}, lease = NULL, worker = NULL, backend_pid = NULL, backend_start = NULL, attempts = attempts - 1, touched_at = clock_timestamp()
    WHERE id = $1 AND fence = $2 AND ${mayTake('release')}
    RETURNING 1`, [id, fence])
  return rows.length > 0
}

/**
 * Puts a task back into the queue, to be tried again after a while, under a new delivery number: the queue knows the old
 * one as active, and would ignore it.
 *
 * Input: the claim, whether the handler failed (what is only interrupted does not count), the rest in milliseconds.
 * Output: the new delivery number; undefined when another worker has the job, or a cancel or pause was requested.
 */
export async function rescheduleJob (
  sql: Sql, tables: Tables, { id, fence, failed, restMs }: { id: string, fence: number, failed: boolean, restMs: number }
): Promise<number | undefined> {
  const [row] = await sql.query<{ n: number }>(`
    UPDATE ${tables.job}
    SET status = ${statusAfter('reschedule')}, n = n + 1, failures = failures + $3::int, run_after = clock_timestamp() + $4 * interval '1 ms',
      lease = NULL, worker = NULL, backend_pid = NULL, backend_start = NULL, touched_at = clock_timestamp()
    WHERE id = $1 AND fence = $2 AND ${mayTake('reschedule')}
    RETURNING n`, [id, fence, failed ? 1 : 0, restMs])
  return row?.n
}

/** The worker of a pausing job lets go of it. Output: whether it was still this worker's to park. */
export async function pauseJob (sql: Sql, tables: Tables, { id, fence }: { id: string, fence: number }): Promise<boolean> {
  const rows = await sql.query(`
    UPDATE ${tables.job}
    SET status = ${statusAfter('pause')}, lease = NULL, worker = NULL, backend_pid = NULL, backend_start = NULL, touched_at = clock_timestamp()
    WHERE id = $1 AND fence = $2 AND ${mayTake('pause')}
    RETURNING 1`, [id, fence])
  return rows.length > 0
}

/** Asks the worker of a job to stop; its lease stays. Output: undefined when no worker has the job. */
export async function requestCancel (sql: Sql, tables: Tables, id: string): Promise<JobRow | undefined> {
  const [row] = await sql.query<JobRow>(`
    UPDATE ${tables.job} SET status = ${statusAfter('requestCancel')}, touched_at = clock_timestamp()
    WHERE id = $1 AND ${mayTake('requestCancel')} RETURNING *`, [id])
  return row
}

/** A waiting job gets its records, and wants a worker. Output: whether it was still waiting. */
export async function grantJob (sql: Sql, tables: Tables, id: string): Promise<boolean> {
  const rows = await sql.query(`
    UPDATE ${tables.job} SET status = ${statusAfter('grant')}, touched_at = clock_timestamp() WHERE id = $1 AND ${mayTake('grant')} RETURNING 1`, [id])
  return rows.length > 0
}

export interface JobEnd {
  status: TerminalStatus
  error: { code: string, message: string, rowCode?: string } | null
  /** What became of the records; undefined: as counted so far. */
  counts?: Omit<JobCounts, 'total'>
  result?: unknown
}

/**
 * Ends a job: its last statement, and (under `rollback`) the fence of its one transaction.
 *
 * Input: the claim (a fence of undefined: any, for those who end a job from outside), how it ends, and in which status it
 * was read where that must not have changed since. Output: the ended job; undefined when another claim has it, or it is in
 * none of the statuses that the transition starts from.
 */
export async function finishJob (
  sql: Sql, tables: Tables,
  { id, fence, transition, end, readAs }: { id: string, fence: number | undefined, transition: EndTransition, end: JobEnd, readAs?: JobStatus }
): Promise<JobRow | undefined> {
  const { counts } = end
  if (!transitions[transition].to.includes(end.status)) throw engineError('no_such_transition', `${transition} does not lead to ${end.status}`)
  const [row] = await sql.query<JobRow>(`
    UPDATE ${tables.job}
    SET status = $4, error_code = $5, error_message = $6, error_row_code = $7, result = $8,
      succeeded = coalesce($9, succeeded), unchanged = coalesce($10, unchanged), missing = coalesce($11, missing),
      skipped = coalesce($12, skipped), failed = coalesce($13, failed),
      finished_at = clock_timestamp(), touched_at = clock_timestamp(), lease = NULL, worker = NULL, backend_pid = NULL, backend_start = NULL
    WHERE id = $1 AND ($2::int IS NULL OR fence = $2) AND ${mayTake(transition)} AND ($3::text IS NULL OR status = $3)
    RETURNING *`, [
    id, fence ?? null, readAs ?? null, end.status, end.error?.code ?? null, end.error?.message ?? null, end.error?.rowCode ?? null,
    end.result === undefined ? null : JSON.stringify(end.result),
    counts?.succeeded ?? null, counts?.unchanged ?? null, counts?.missing ?? null, counts?.skipped ?? null, counts?.failed ?? null
  ])
  return row && withInstants(row)
}

/**
 * Releases all jobs of a worker that exits at once: a running one is requeued with a new delivery number, since the queue still
 * has the old delivery as active; a pausing one is paused; the lease of a cancelling one ends, so that the next sweep ends it.
 * The backends stay in the rows: the next claim terminates them.
 *
 * Output: the requeued jobs, with their new delivery numbers.
 */
export async function releaseJobsOfWorker (sql: Sql, tables: Tables, worker: string): Promise<{ id: string, n: number }[]> {
  return sql.query<{ id: string, n: number }>(`
    WITH paused AS (
      UPDATE ${tables.job} SET status = ${statusAfter('pause')}, lease = NULL, worker = NULL, touched_at = clock_timestamp() WHERE worker = $1 AND ${mayTake('pause')}
    ), cancelling AS (
      UPDATE ${tables.job} SET lease = clock_timestamp(), touched_at = clock_timestamp() WHERE worker = $1 AND ${mayTake('settleCancel')}
    )
    UPDATE ${tables.job} SET status = ${statusAfter('release')}, n = n + 1, lease = NULL, worker = NULL, attempts = attempts - 1, touched_at = clock_timestamp()
    WHERE worker = $1 AND ${mayTake('release')}
    RETURNING id, n`, [worker])
}
