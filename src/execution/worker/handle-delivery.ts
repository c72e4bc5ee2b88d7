import type { Engine } from '../../engine/engine.ts'
import { tellHindrance, readClaimability, type Claimability } from '../../jobs/store/claims.ts'
import { isTerminal } from '../../engine/states.ts'
import type { Delivery, DeliveryOutcome } from '../../queue/job-queue.ts'
import { claim, type Claim } from '../run/claim.ts'
import { runJob } from '../run/run-job.ts'
import type { RunEnd } from '../run/run.ts'
import { runTask } from '../tasks/run-task.ts'
import { abilitiesOf, hindranceOf } from '../../engine/capabilities.ts'

/** How long a delivery rests that this worker cannot do, so that one which can may take it. */
const incapableRetryMs = 5_000

/** How long a delivery rests at least: what cannot be claimed now is about to be moved by somebody. */
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
  const hindrance = hindranceOf(abilitiesOf(engine), found)
  if (hindrance !== undefined) {
    if (found.status === 'queued') await reportBlocked(engine, delivery, found, hindrance)
    return { done: false, retryInMs: incapableRetryMs }
  }

  const claimed = await claim(engine, delivery)
  if (claimed === undefined) return unclaimed(found)
  const end = await workOn(engine, claimed, signal)
  return end.kind === 'handedBack' ? { done: false, release: true } : { done: true }
}

async function workOn (engine: Engine, claim: Claim, stopping: AbortSignal): Promise<RunEnd> {
  const { job } = claim
  return job.kind === 'task' ? runTask(engine, claim, engine.tasks.get(job.operation)!, stopping) : runJob(engine, claim, stopping)
}

/**
 * A job that this worker cannot do, or not as it was meant: another one may. It is told in the log, and in the job, so that
 * whoever launched it finds out why nothing happens.
 */
async function reportBlocked (engine: Engine, { jobId, n }: Delivery, { resource, operation, hindrance: told }: Claimability, hindrance: string): Promise<void> {
  const { database, tables, live, log } = engine
  const isNew = isFirstReport(`${jobId} ${engine.workerId}`)
  if (isNew) log.warn({ jobId, resource, operation }, `this worker leaves a job to others: ${hindrance}. Give servers and workers the same config; the job waits for a worker that agrees`)
  if (!isNew && told !== null) return
  try {
    if (await tellHindrance(database, tables, { id: jobId, n, hindrance })) await live.signal({ jobId, kind: 'status' })
  } catch (error) {
    log.warn({ jobId, err: error }, 'could not tell why a job waits')
  }
}

const reported = new Set<string>()
const maxReported = 1_000

/** A job that is left to others comes by again and again. */
function isFirstReport (what: string): boolean {
  if (reported.has(what)) return false
  if (reported.size === maxReported) reported.clear()
  reported.add(what)
  return true
}

/** A live lease is looked at again when it ends; a job that waits, rests or is being ended needs no worker now. */
function unclaimed ({ status, lease_left_ms: leaseLeftMs, wait_ms: waitMs }: Claimability): DeliveryOutcome {
  return status === 'running' || status === 'queued'
    ? { done: false, retryInMs: Math.min(maxRetryMs, Math.max(leaseLeftMs ?? 0, waitMs ?? 0, minRetryMs)) }
    : { done: true }
}
