import { announceChange } from '../../jobs/announce-change.ts'
import { backoffMs } from '../../backoff.ts'
import { pause } from '../../deadline.ts'
import type { Engine } from '../../engine/engine.ts'
import { readClaimability, recordBlockedReason, type Claimability } from '../../jobs/store/claims.ts'
import { hasCapableWorker } from '../../jobs/store/workers.ts'
import type { Delivery, DeliveryOutcome } from '../../queue/job-queue.ts'

/** How long a capable worker has to claim a job whose delivery was released to it; one that does not is busy. */
const handoverMs = 250
const handoverPollMs = 20
/** How long deliveries are delayed, and not released, after a handover that failed, so that this worker gets on with its own jobs. */
const busyMs = 1_000
const delayBackoff = { firstMs: 250, maxMs: 5_000 }

/** Until when the workers that can do what an engine cannot are taken to be busy. */
const busyUntilMs = new WeakMap<Engine, number>()

/** How often this process has delayed each delivery that it cannot do. */
const delayCounts = new Map<string, number>()
const maxDelayCounts = 1_000

/**
 * Leaves a delivery to a worker that can do its job. One that is alive and idle gets it at once: this worker releases it and
 * takes no other in its place until the job is claimed, since the queue would give it the same one again. Otherwise it is delayed.
 */
export async function leaveToCapable (engine: Engine, delivery: Delivery, found: Claimability, blockedReason: string): Promise<DeliveryOutcome> {
  const { database, tables, leaseMs, workerId } = engine
  const name = `${delivery.jobId}.${delivery.n} ${workerId}`
  if (found.status === 'queued') await reportBlocked(engine, delivery, found, { reason: blockedReason, isNew: !delayCounts.has(name) })
  const delayCount = delayCounts.get(name) ?? 0
  const mayBeIdle = performance.now() >= (busyUntilMs.get(engine) ?? 0) && await hasCapableWorker(database, tables, { jobId: delivery.jobId, livingMs: leaseMs })
  if (delayCounts.size >= maxDelayCounts) delayCounts.clear()
  delayCounts.set(name, mayBeIdle ? delayCount : delayCount + 1)
  return mayBeIdle
    ? { done: false, release: true, hold: (signal) => untilClaimed(engine, delivery, signal) }
    : { done: false, retryInMs: backoffMs(delayBackoff, delayCount + 1), now: found.now }
}

async function untilClaimed (engine: Engine, { jobId, n }: Delivery, signal: AbortSignal): Promise<void> {
  const { database, tables } = engine
  const deadlineMs = performance.now() + handoverMs
  while (performance.now() < deadlineMs && !signal.aborted) {
    await pause(handoverPollMs, signal)
    const found = await readClaimability(database, tables, jobId)
    if (found === undefined || found.n !== n || found.status !== 'queued') return
  }
  busyUntilMs.set(engine, performance.now() + busyMs)
}

/** Reports in the log and in the job why this worker does not do it, so that its user learns why it waits. */
async function reportBlocked (
  engine: Pick<Engine, 'database' | 'tables' | 'live' | 'log'>, { jobId, n }: Delivery, { resource, operation, blocked_reason: recorded }: Claimability,
  { reason, isNew }: { reason: string, isNew: boolean }
): Promise<void> {
  const { database, tables, log } = engine
  if (isNew) log.warn({ jobId, resource, operation }, `this worker leaves a job to others: ${reason}. Give servers and workers the same config; the job waits for a worker that agrees`)
  if (!isNew && recorded !== null) return
  try {
    if (await recordBlockedReason(database, tables, { id: jobId, n, reason })) await announceChange(engine, jobId)
  } catch (error) {
    log.warn({ jobId, err: error }, 'could not record why a job waits')
  }
}
