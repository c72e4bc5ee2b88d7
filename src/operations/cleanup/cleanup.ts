import type { Engine } from '../../engine/engine.ts'
import { pauseExpired, requeueExpired } from './expired-leases.ts'
import { grantRecords, enqueueMissing } from './deliveries.ts'
import { endAbandoned, endUnrecoverable } from './stuck-jobs.ts'
import { deliverEvents, purgeEvents } from './events.ts'
import { purgeJobs, purgeIdempotencyKeys, purgeOrphanChunks, purgePreviews, purgeProgress, purgeWorkers } from './purge.ts'
import type { CleanupSummary } from './summary.ts'
import { isolated, beginSweep, type Sweep, type SweepOptions } from './sweep.ts'

/**
 * The sweep works from the job rows alone: whatever died, or forgot, or lies, a job that lives is moved on by it. Any
 * number of instances may sweep at once: every job is moved by compare-and-set, and rows that another one is at are
 * skipped.
 */
const liveness = [requeueExpired, pauseExpired, endUnrecoverable, endAbandoned, grantRecords, enqueueMissing, deliverEvents]
const rest = [purgeJobs, purgePreviews, purgeOrphanChunks, purgeIdempotencyKeys, purgeProgress, purgeWorkers, purgeEvents]

/**
 * Moves on what nobody else will. Wanted often: it is what a dead worker's job waits for. Rejects when the database
 * cannot be reached, or, after everything else was done, with the first of what failed.
 */
export async function recoverJobs (engine: Engine, options: SweepOptions = {}): Promise<CleanupSummary> {
  return run(await beginSweep(engine, options), liveness)
}

/** Takes away what is old. */
export async function purgeExpired (engine: Engine, options: SweepOptions = {}): Promise<CleanupSummary> {
  return run(await beginSweep(engine, options), rest)
}

/** Everything, once. */
export async function cleanup (engine: Engine, options: SweepOptions = {}): Promise<CleanupSummary> {
  return run(await beginSweep(engine, options), [...liveness, ...rest])
}

async function run (sweep: Sweep, parts: readonly ((sweep: Sweep) => Promise<void>)[]): Promise<CleanupSummary> {
  for (const part of parts) {
    if (sweep.signal.aborted) break
    await isolated(sweep, { part: part.name }, () => part(sweep))
  }
  if (sweep.failures.length > 0) throw sweep.failures[0]
  return sweep.summary
}
