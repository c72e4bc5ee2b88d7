import { isConnectionError } from '../../database/sql.ts'
import type { Engine } from '../../engine/engine.ts'
import { readClock } from '../../database/clock.ts'
import { emptySummary, type CleanupSummary } from './summary.ts'

export interface SweepOptions {
  /** What time it is; the database's clock when left out, read once, so that a slow sweep takes nothing for older than it was. */
  now?: Date
  /** Aborts when the sweep should end after the step that it is at; the next one goes on. */
  signal?: AbortSignal
}

/** One run of the sweep: what its parts work with, and where they count what they did. */
export interface Sweep {
  readonly engine: Engine
  readonly now: Date
  readonly signal: AbortSignal
  readonly summary: CleanupSummary
  /** What went wrong with one job or one part, and did not keep the others from being done. */
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

/** Does one thing of many: where it fails, the others are done all the same. Without the database nothing can be done. */
export async function isolated ({ engine: { log }, failures }: Sweep, details: object, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (isConnectionError(error)) throw error
    failures.push(error)
    log.error({ ...details, err: error }, 'something could not be cleaned up')
  }
}

/** Takes jobs page by page, as long as there are any, and handles each one apart. */
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
 * Does something for which the queue or the live store is needed. One that cannot be reached is told once, noted, and
 * not asked again by this sweep: it works from the job rows, and the next one makes up for it.
 * Resolves to undefined where it was not done.
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
    log.warn({ err: error }, `the ${what} cannot be reached; what depends on it is left to the next cleanup`)
    return undefined
  }
}

/** Tells everybody who listens that a job is not what it was. */
export async function publishStatus (sweep: Sweep, jobId: string): Promise<void> {
  await whenReachable(sweep, 'live store', () => sweep.engine.live.signal({ jobId, kind: 'status' }))
}
