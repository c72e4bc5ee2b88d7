import type { Engine } from '../engine.ts'
import { isTerminal } from '../jobs/states.ts'
import { readClaimability } from '../jobs/sql/read-claimability.ts'
import type { Delivery, DeliveryOutcome } from '../queue/job-queue.ts'
import { claim } from '../run/claim.ts'
import { runJob } from '../run/run-job.ts'

/** How long a delivery rests that this worker cannot do, so that one which can may take it. */
const foreignRetryMs = 5_000

/** How long a delivery rests at least: what cannot be claimed now is about to be moved by somebody. */
const shortestRestMs = 250

/**
 * Judges a delivery: claims its job and works on it, drops it as stale, or asks for it again later. The job row
 * decides; what the queue believes does not matter.
 */
export async function handleDelivery (engine: Engine, delivery: Delivery, { signal }: { signal: AbortSignal }): Promise<DeliveryOutcome> {
  const { database, tables, resources } = engine
  if (signal.aborted) return { done: false, handBack: true }
  const found = await readClaimability(database, tables, delivery.jobId)
  if (found === undefined || isTerminal(found.status) || found.n !== delivery.n) return { done: true }
  if (found.kind === 'bulk' && !resources.has(found.resource!)) return { done: false, retryInMs: foreignRetryMs }

  const claimed = await claim(engine, delivery)
  if (claimed === undefined) return unclaimed(found)
  const end = await runJob(engine, claimed, signal)
  return end.kind === 'handedBack' ? { done: false, handBack: true } : { done: true }
}

/** A live lease is looked at again when it ends; a job that waits, rests or is being ended needs no worker now. */
function unclaimed ({ status, lease_left_ms: leaseLeftMs }: { status: string, lease_left_ms: number | null }): DeliveryOutcome {
  return status === 'running' || status === 'queued' ? { done: false, retryInMs: Math.max(leaseLeftMs ?? 0, shortestRestMs) } : { done: true }
}
