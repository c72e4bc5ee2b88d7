import { isConnectionError } from '../../database/sql.ts'
import type { Engine } from '../../engine/engine.ts'
import { readClock } from '../../database/clock.ts'
import { emptySummary, type CleanupSummary } from './summary.ts'

export interface SweepOptions {
  /** The current time; by default the database's clock, read once, so that a slow sweep does not treat anything as older than it was. */
  now?: Date
  /** Aborts when the sweep should stop after its current step; the next sweep continues. */
  signal?: AbortSignal
}

/** One run of the sweep: what its steps work with, and where they count what they did. */
export interface Sweep {
  readonly engine: Engine
  readonly now: Date
  readonly signal: AbortSignal
  readonly summary: CleanupSummary
  /** Failures of single jobs or steps, which did not stop the others. */
  readonly failures: unknown[]
}

export async function beginSweep (engine: Engine, { now, signal }: SweepOptions): Promise<Sweep> {
  return {
    engine,
    now: now ?? await readClock(engine.database),
    signal: signal ?? new AbortController().signal,
    summary: emptySummary(),
    failures: []
  }
}

/** The instant that is `ms` before the sweep's. */
export function before ({ now }: Sweep, ms: number): Date {
  return new Date(now.getTime() - ms)
}

/** Runs one step of many; its failure is recorded and does not stop the others. Only a lost database connection does. */
export async function isolated ({ engine: { log }, failures }: Sweep, details: object, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (isConnectionError(error)) throw error
    failures.push(error)
    log.error({ ...details, err: error }, 'a cleanup step failed')
  }
}

/** Handles jobs page by page until none is left; the failure of one does not stop the others. */
export async function eachJob<Job extends { id: string }> (
  sweep: Sweep, page: () => Promise<Job[]>, handle: (job: Job) => Promise<void>
): Promise<void> {
  while (!sweep.signal.aborted) {
    const jobs = await page()
    if (jobs.length === 0) return
    for (const job of jobs) await isolated(sweep, { jobId: job.id }, () => handle(job))
  }
}

/** Runs a statement that removes a bounded number of rows until nothing is left to remove. Resolves to how many went. */
export async function purgeInBatches ({ signal }: Sweep, remove: () => Promise<number>): Promise<number> {
  let total = 0
  while (!signal.aborted) {
    const removed = await remove()
    if (removed === 0) break
    total += removed
  }
  return total
}

/**
 * Runs something that needs the queue or the live store. When that cannot be reached it is logged once and not tried
 * again by this sweep; the next sweep catches up, since it works from the job rows.
 * Resolves to undefined when it was not run.
 */
export async function whenReachable<Result> (
  { engine: { log }, summary }: Sweep, what: CleanupSummary['unreachable'][number], run: () => Promise<Result>
): Promise<Result | undefined> {
  if (summary.unreachable.includes(what)) return undefined
  try {
    return await run()
  } catch (error) {
    if (summary.unreachable.includes(what)) return undefined
    summary.unreachable.push(what)
    log.warn({ err: error }, `the ${what} cannot be reached; the next cleanup will do what depends on it`)
    return undefined
  }
}

/** Notifies subscribers that the status of a job has changed. */
export async function publishStatus (sweep: Sweep, jobId: string): Promise<void> {
  await whenReachable(sweep, 'live store', () => sweep.engine.live.signal({ jobId, kind: 'status' }))
}
