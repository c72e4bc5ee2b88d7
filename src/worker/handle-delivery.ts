import type { Engine } from '../engine.ts'
import { isTerminal } from '../jobs/states.ts'
import { readClaimability, type Claimability } from '../jobs/sql/read-claimability.ts'
import type { Delivery, DeliveryOutcome } from '../queue/job-queue.ts'
import { claim, type Claim } from '../run/claim.ts'
import { runJob } from '../run/run-job.ts'
import type { RunEnd } from '../run/run.ts'
import { canDo } from '../tasks/known-tasks.ts'
import { runTask } from '../tasks/run-task.ts'

/** How long a delivery rests that this worker cannot do, so that one which can may take it. */
const foreignRetryMs = 5_000

/** How long a delivery rests at least: what cannot be claimed now is about to be moved by somebody. */
const shortestRestMs = 250
const longestRestMs = 3_600_000

/**
 * Judges a delivery: claims its job and works on it, drops it as stale, or asks for it again later. The job row
 * decides; what the queue believes does not matter.
 */
export async function handleDelivery (engine: Engine, delivery: Delivery, { signal }: { signal: AbortSignal }): Promise<DeliveryOutcome> {
  const { database, tables } = engine
  if (signal.aborted) return { done: false, handBack: true }
  const found = await readClaimability(database, tables, delivery.jobId)
  if (found === undefined || isTerminal(found.status) || found.n !== delivery.n) return { done: true }
  const work = workFor(engine, delivery.jobId, found)
  if (work === undefined) return { done: false, retryInMs: foreignRetryMs }

  const claimed = await claim(engine, delivery)
  if (claimed === undefined) return unclaimed(found)
  const end = await work(claimed, signal)
  return end.kind === 'handedBack' ? { done: false, handBack: true } : { done: true }
}

type Work = (claim: Claim, stopping: AbortSignal) => Promise<RunEnd>

/** What this worker would do with a job; undefined where it cannot, or not as the job was meant: another worker may. */
function workFor (engine: Engine, jobId: string, found: Claimability): Work | undefined {
  const { log, resources, tasks } = engine
  if (found.kind === 'task') {
    const task = tasks.get(found.operation)
    if (canDo(task, found.version ?? 1)) return (claim, stopping) => runTask(engine, claim, task, stopping)
    tellOnce(jobId, () => log.warn({ jobId, task: found.operation, version: found.version },
      `this worker does not know the task ${found.operation}, or not with version ${found.version} of its payload; it is left to another worker`))
    return undefined
  }
  const resource = resources.get(found.resource!)
  if (resource?.fingerprint === found.fingerprint) return (claim, stopping) => runJob(engine, claim, stopping)
  tellOnce(jobId, () => log.warn({ jobId, resource: found.resource }, resource === undefined
    ? `this worker has no resource ${found.resource}, which a server launched a job on; give both the same config`
    : `this worker and the server that launched the job disagree on the resource ${found.resource}: its entity or its options differ; give both the same config. The job waits for a worker that agrees`))
  return undefined
}

const toldOf = new Set<string>()
const keptInMindAtMost = 1_000

/** A job that is left to others comes by again and again. */
function tellOnce (jobId: string, tell: () => void): void {
  if (toldOf.has(jobId)) return
  if (toldOf.size === keptInMindAtMost) toldOf.clear()
  toldOf.add(jobId)
  tell()
}

/** A live lease is looked at again when it ends; a job that waits, rests or is being ended needs no worker now. */
function unclaimed ({ status, lease_left_ms: leaseLeftMs, wait_ms: waitMs }: Claimability): DeliveryOutcome {
  return status === 'running' || status === 'queued'
    ? { done: false, retryInMs: Math.min(longestRestMs, Math.max(leaseLeftMs ?? 0, waitMs ?? 0, shortestRestMs)) }
    : { done: true }
}
