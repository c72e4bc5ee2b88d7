import type { Engine } from '../../engine/engine.ts'
import { pauseExpired, requeueExpired } from './expired-leases.ts'
import { grantRecords, enqueueMissing } from './deliveries.ts'
import { endAbandoned, endUnrecoverable } from './stuck-jobs.ts'
import { deliverEvents, purgeEvents } from './events.ts'
import { purgeJobs, purgeIdempotencyKeys, purgeOrphanChunks, purgePreviews, purgeProgress, purgeWorkers } from './purge.ts'
import type { CleanupSummary } from './summary.ts'
import { isolated, beginSweep, type Sweep, type SweepOptions } from './sweep.ts'

/**
 * The sweep works from the job rows alone, so it recovers a job whatever happened to its worker or to the queue. Any
 * number of processes may sweep at once: each job changes by compare-and-set, and rows locked by another sweep are
 * skipped.
 */
const liveness = [requeueExpired, pauseExpired, endUnrecoverable, endAbandoned, grantRecords, enqueueMissing, deliverEvents]
const rest = [purgeJobs, purgePreviews, purgeOrphanChunks, purgeIdempotencyKeys, purgeProgress, purgeWorkers, purgeEvents]

/**
 * Recovers stuck jobs. Runs often, since the jobs of a dead worker wait for it. Rejects when the database cannot be
 * reached; other failures do not stop the sweep, and it rejects with the first of them at the end.
 */
export async function recoverJobs (engine: Engine, options: SweepOptions = {}): Promise<CleanupSummary> {
  return run(await beginSweep(engine, options), liveness)
}

/** Purges expired rows. */
export async function purgeExpired (engine: Engine, options: SweepOptions = {}): Promise<CleanupSummary> {
  return run(await beginSweep(engine, options), rest)
}

/** Runs both parts once. */
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
