import { backoffMs } from '../../backoff.ts'
import type { Engine } from '../../engine/engine.ts'
import { recordBlockedReason, readClaimability, type Claimability } from '../../jobs/store/claims.ts'
import { hasCapableWorker } from '../../jobs/store/workers.ts'
import { isTerminal } from '../../engine/states.ts'
import type { Delivery, DeliveryOutcome } from '../../queue/job-queue.ts'
import { claim, type Claim } from '../run/claim.ts'
import { runJob } from '../run/run-job.ts'
import type { RunEnd } from '../run/run.ts'
import { runTask } from '../tasks/run-task.ts'
import { capabilitiesOf, blockedReasonFor } from '../../engine/capabilities.ts'

/** How long this worker takes no other delivery after it has released one that it cannot do, so that a capable worker gets it. */
const holdMs = 250
/** How often a delivery is released at once. A capable worker that does not take it by then is busy. */
const maxReleases = 3
const incapableBackoff = { firstMs: 500, maxMs: 5_000 }

/** The shortest delay of a delivery: what cannot be claimed now is about to be moved by another process. */
const minRetryMs = 250
const maxRetryMs = 3_600_000

/**
 * Judges a delivery: claims its job and works on it, drops it as stale, or asks for it again later. The job row
 * decides; what the queue believes does not matter.
 */
export async function handleDelivery (engine: Engine, delivery: Delivery, { signal }: { signal: AbortSignal }): Promise<DeliveryOutcome> {
  const { database, tables } = engine
  if (signal.aborted) return { done: false, release: true }
  const found = await readClaimability(database, tables, delivery.jobId)
  if (found === undefined) engine.log.warn({ jobId: delivery.jobId }, 'dropped a delivery whose job does not exist')
  if (found === undefined || isTerminal(found.status) || found.n !== delivery.n) return { done: true }
  const blockedReason = blockedReasonFor(capabilitiesOf(engine), found)
  if (blockedReason !== undefined) {
    if (found.status === 'queued') await reportBlocked(engine, delivery, found, blockedReason)
    return leaveToCapable(engine, delivery, found)
  }

  const claimed = await claim(engine, delivery)
  if (claimed === undefined) return unclaimed(found)
  const end = await workOn(engine, claimed, signal)
  return end.kind === 'released' ? { done: false, release: true } : { done: true }
}

/** Releases a delivery to a capable worker, if one is alive; else it is delayed. */
async function leaveToCapable ({ database, tables, leaseMs, workerId }: Engine, { jobId, n }: Delivery, { now }: Claimability): Promise<DeliveryOutcome> {
  const count = countReport(`${jobId}.${n} ${workerId}`)
  if (count <= maxReleases && await hasCapableWorker(database, tables, { jobId, livingMs: leaseMs })) return { done: false, release: true, holdMs }
  return { done: false, retryInMs: backoffMs(incapableBackoff, count), now }
}

async function workOn (engine: Engine, claim: Claim, stopping: AbortSignal): Promise<RunEnd> {
  const { job } = claim
  return job.kind === 'task' ? runTask(engine, claim, engine.tasks.get(job.operation)!, stopping) : runJob(engine, claim, stopping)
}

/** Reports in the log and in the job why this worker does not do it, so that its user learns why it waits. */
async function reportBlocked (engine: Engine, { jobId, n }: Delivery, { resource, operation, blocked_reason: recorded }: Claimability, reason: string): Promise<void> {
  const { database, tables, live, log } = engine
  const isNew = !reports.has(`${jobId}.${n} ${engine.workerId}`)
  if (isNew) log.warn({ jobId, resource, operation }, `this worker leaves a job to others: ${reason}. Give servers and workers the same config; the job waits for a worker that agrees`)
  if (!isNew && recorded !== null) return
  try {
    if (await recordBlockedReason(database, tables, { id: jobId, n, reason })) await live.signal({ jobId, kind: 'status' })
  } catch (error) {
    log.warn({ jobId, err: error }, 'could not record why a job waits')
  }
}

const reports = new Map<string, number>()
const maxReports = 1_000

/** How often this process has left a delivery to others, this time included. */
function countReport (delivery: string): number {
  const count = (reports.get(delivery) ?? 0) + 1
  if (reports.size >= maxReports) reports.clear()
  reports.set(delivery, count)
  return count
}

/** A live lease is looked at again when it ends; a job that waits, is delayed or is ending needs no worker now. */
function unclaimed ({ now, status, lease_left_ms: leaseLeftMs, wait_ms: waitMs }: Claimability): DeliveryOutcome {
  return status === 'running' || status === 'queued'
    ? { done: false, retryInMs: Math.min(maxRetryMs, Math.max(leaseLeftMs ?? 0, waitMs ?? 0, minRetryMs)), now }
    : { done: true }
}
