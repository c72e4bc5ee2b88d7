import type { Engine } from '../../engine/engine.ts'
import { readClaimability, type Claimability } from '../../jobs/store/claims.ts'
import { isTerminal } from '../../engine/states.ts'
import type { Delivery, DeliveryOutcome } from '../../queue/job-queue.ts'
import { claim, type Claim } from '../run/claim.ts'
import { runJob } from '../run/run-job.ts'
import type { RunEnd } from '../run/run.ts'
import { runTask } from '../tasks/run-task.ts'
import { leaveToCapable } from './leave-to-capable.ts'
import { capabilitiesOf, blockedReasonFor } from '../../engine/capabilities.ts'

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
  if (blockedReason !== undefined) return (found.lease_left_ms ?? 0) > 0 ? unclaimed(found) : leaveToCapable(engine, delivery, found, blockedReason)

  const claimed = await claim(engine, delivery)
  if (claimed === undefined) return unclaimed(found)
  const end = await workOn(engine, claimed, signal)
  return end.kind === 'released' ? { done: false, release: true } : { done: true }
}

async function workOn (engine: Engine, claim: Claim, stopping: AbortSignal): Promise<RunEnd> {
  const { job } = claim
  return job.kind === 'task' ? runTask(engine, claim, engine.tasks.get(job.operation)!, stopping) : runJob(engine, claim, stopping)
}

/** A live lease is looked at again when it ends; a job that waits, is delayed or is ending needs no worker now. */
function unclaimed ({ now, status, lease_left_ms: leaseLeftMs, wait_ms: waitMs }: Claimability): DeliveryOutcome {
  return status === 'running' || status === 'queued'
    ? { done: false, retryInMs: Math.min(maxRetryMs, Math.max(leaseLeftMs ?? 0, waitMs ?? 0, minRetryMs)), now }
    : { done: true }
}
