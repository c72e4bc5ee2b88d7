import { removeDeadWorkers, removeExpiredPreviews, removeIdempotencyKeys, removeExpiredChunks, removeExpiredJobChunks, removeExpiredJobs, removeOrphanedChunks } from '../../jobs/store/purge.ts'
import { before, whenReachable, purgeInBatches, type Sweep } from './sweep.ts'

/** The maximum number of rows that one statement removes. */
const batchSize = 500

/** A selection without a job belongs to a preview, which is valid for an hour; twice that leaves no race. */
const orphanAgeMs = 2 * 3_600_000

/** Removes jobs that finished long ago, with their selections and results. */
export async function purgeJobs (sweep: Sweep): Promise<void> {
  const { engine: { database, tables, options: { cleanupGracePeriodMs } }, summary } = sweep
  const old = { before: before(sweep, cleanupGracePeriodMs), limit: batchSize }
  // All three statements pick the same, oldest jobs: dependent rows go first.
  summary.jobsRemoved += await purgeInBatches(sweep, async () => {
    summary.chunksRemoved += await purgeInBatches(sweep, () => removeExpiredChunks(database, tables, old))
    await purgeInBatches(sweep, () => removeExpiredJobChunks(database, tables, old))
    return removeExpiredJobs(database, tables, old)
  })
}

/** Removes expired previews; their selections follow as orphans. */
export async function purgePreviews (sweep: Sweep): Promise<void> {
  const { engine: { database, tables }, summary } = sweep
  const expired = { before: sweep.now, limit: batchSize }
  summary.previewsRemoved += await purgeInBatches(sweep, () => removeExpiredPreviews(database, tables, expired))
}

/** Removes orphaned selections, which belong to neither a job nor a preview. */
export async function purgeOrphanChunks (sweep: Sweep): Promise<void> {
  const { engine: { database, tables }, summary } = sweep
  const beforeId = smallestIdAt(before(sweep, orphanAgeMs))
  summary.chunksRemoved += await purgeInBatches(sweep, () => removeOrphanedChunks(database, tables, { beforeId, limit: batchSize }))
}

export async function purgeIdempotencyKeys (sweep: Sweep): Promise<void> {
  const { engine: { database, tables, options: { progressTtlMs } }, summary } = sweep
  const old = { before: before(sweep, progressTtlMs), limit: batchSize }
  summary.idempotencyKeysRemoved += await purgeInBatches(sweep, () => removeIdempotencyKeys(database, tables, old))
}

export async function purgeProgress (sweep: Sweep): Promise<void> {
  const { engine: { live }, summary } = sweep
  summary.progressRemoved += await whenReachable(sweep, 'live store', () => live.removeExpired()) ?? 0
}

/** A dead worker's row is kept for `conflictTtl`, since the check for abandoned jobs looks back that far. */
export async function purgeWorkers (sweep: Sweep): Promise<void> {
  const { engine: { database, tables, options: { conflictTtlMs } }, summary } = sweep
  summary.workersRemoved += await removeDeadWorkers(database, tables, { before: before(sweep, conflictTtlMs) })
}

/** The smallest UUID of version 7 that can be made at an instant: it begins with the time. */
function smallestIdAt (instant: Date): string {
  const time = Math.max(0, instant.getTime()).toString(16).padStart(12, '0')
  return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-000000000000`
}
