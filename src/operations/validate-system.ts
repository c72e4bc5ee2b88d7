import { v7 as uuidv7 } from 'uuid'
import { pause, within } from '../deadline.ts'
import { pendingMigrations } from '../migrations/migrate.ts'
import type { Engine } from '../engine/engine.ts'
import { isPowercrudError } from '../errors.ts'
import { readClock } from '../database/clock.ts'
import { capabilitiesOf, blockedReasonFor, type Capabilities, type JobRequirements } from '../engine/capabilities.ts'
import { readLivingWorkers, type LivingWorker } from '../jobs/store/workers.ts'

const answerMs = 3_000
/** A busy worker receives the probe late. */
const probeMs = 10_000
/** Without a registered living worker a short wait is enough. */
const silentProbeMs = 2_000
const lookEveryMs = 50

export const systemParts = ['database', 'migrations', 'liveStore', 'queue', 'worker', 'agreement'] as const
export type SystemPart = typeof systemParts[number]

export interface PartReport {
  readonly part: SystemPart
  readonly ok: boolean
  /** Why it failed. */
  readonly reason?: string
  /** What to do about it. */
  readonly fix?: string
}

export interface SystemReport {
  readonly ok: boolean
  readonly parts: readonly PartReport[]
}

/** Checks each part that background jobs need. Never throws. */
export async function validateSystem (engine: Engine): Promise<SystemReport> {
  const checked = await Promise.all([validateDatabase(engine), validateMigrations(engine), validateLiveStore(engine), validateQueue(engine)])
  // Without a queue no worker can receive the probe.
  const worker = checked[3].ok
    ? await validateWorker(engine)
    : failed('worker', 'the queue cannot be reached, so no worker can be probed', 'repair the queue first')
  const parts = [...checked, worker, await validateAgreement(engine)]
  return { ok: parts.every(({ ok }) => ok), parts }
}

export async function validateDatabase ({ database }: Pick<Engine, 'database'>): Promise<PartReport> {
  return checkPart('database', 'check the connection of MikroORM, and that PostgreSQL is running', () => within(answerMs, 'the database', () => readClock(database)))
}

export async function validateMigrations ({ database, tables, queue }: Pick<Engine, 'database' | 'tables' | 'queue'>): Promise<PartReport> {
  return checkPart('migrations', 'register with migrate: true, or run powercrud-async migrate --config <file>', async () => {
    const pending = await within(answerMs, 'the list of migrations', () => pendingMigrations(database, { tables, queue: queue.kind }))
    return pending.length === 0 ? undefined : `the database has not seen these migrations: ${pending.join(', ')}`
  })
}

export async function validateLiveStore ({ live }: Pick<Engine, 'live'>): Promise<PartReport> {
  return checkPart('liveStore', live.kind === 'redis' ? 'check the Redis client, and that Redis is running' : 'check that PostgreSQL takes further connections', () => live.ping(answerMs))
}

export async function validateQueue ({ queue }: Pick<Engine, 'queue'>): Promise<PartReport> {
  return checkPart('queue', queue.kind === 'redis' ? 'check the Redis client, and that Redis is running' : 'check that PostgreSQL takes further connections, and that the role may use the schema bullmq', () => queue.ping(answerMs))
}

/** Workers drop a delivery of an unknown job: once it is gone from the queue, a worker has received it. */
export async function validateWorker (
  { queue, database, tables, leaseMs }: Pick<Engine, 'database' | 'tables' | 'queue' | 'leaseMs'>
): Promise<PartReport> {
  return checkPart('worker', 'start one: powercrud-async worker --config <file>, or worker: { mode: \'in-process\' }', async () => {
    const probe = { jobId: uuidv7(), n: 1 }
    await queue.add(probe)
    const living = (await within(answerMs, 'the list of workers', () => readLivingWorkers(database, tables, leaseMs))).length
    const waitMs = living > 0 ? probeMs : silentProbeMs
    const deadlineMs = performance.now() + waitMs
    while (performance.now() < deadlineMs) {
      if (await queue.stateOf(probe) === 'unknown') return undefined
      await pause(lookEveryMs, new AbortController().signal)
    }
    const took = `no worker took a probe within ${waitMs / 1000} seconds`
    return living === 0 ? took : `${took}, though ${living} are registered as living: they are busy, or use another queue (the same prefix and redis?)`
  })
}

/**
 * Whether the living workers agree with this process on resources and tasks. Not every worker has to know all of them, but
 * each needs one worker that does, and a worker with different options of a resource is an error.
 */
export async function validateAgreement (
  engine: Pick<Engine, 'database' | 'tables' | 'resources' | 'tasks' | 'leaseMs'>
): Promise<PartReport> {
  const { database, tables, leaseMs } = engine
  return checkPart('agreement', 'load the same config file in servers and workers, and restart those that have another', async () => {
    const workers = await within(answerMs, 'the list of workers', () => readLivingWorkers(database, tables, leaseMs))
    // The part `worker` reports when there is none at all.
    if (workers.length === 0 || workers.some(({ capabilities }) => capabilities === null)) return undefined
    const complaints = requirementsOf(capabilitiesOf(engine)).flatMap((requirements) => disagreements(workers, requirements))
    return complaints.length === 0 ? undefined : complaints.join('; ')
  })
}

/** What a job on each resource, and of each task, would ask of a worker. */
function requirementsOf ({ resources, tasks }: Capabilities): JobRequirements[] {
  return [
    ...Object.entries(resources).map(([resource, fingerprint]): JobRequirements => ({ kind: 'bulk', resource, operation: 'update', fingerprint, version: null })),
    ...Object.entries(tasks).map(([operation, { version }]): JobRequirements => ({ kind: 'task', resource: null, operation, fingerprint: '', version }))
  ]
}

function disagreements (workers: readonly LivingWorker[], need: JobRequirements): string[] {
  const knows = ({ resources, tasks }: Capabilities) => need.kind === 'task' ? need.operation in tasks : need.resource! in resources
  const informed = workers.filter(({ capabilities }) => knows(capabilities!))
  if (informed.length === 0) return [`no living worker knows ${need.kind === 'task' ? `the task ${need.operation}` : `the resource ${need.resource}`}`]
  return informed.flatMap(({ host, pid, capabilities }) => {
    const blockedReason = blockedReasonFor(capabilities!, need)
    return blockedReason === undefined ? [] : [`the worker ${pid} on ${host} cannot run jobs of this process: ${blockedReason}`]
  })
}

async function checkPart (part: SystemPart, fix: string, check: () => Promise<unknown>): Promise<PartReport> {
  try {
    const reason = await check()
    return typeof reason === 'string' ? failed(part, reason, fix) : { part, ok: true }
  } catch (error) {
    return failed(part, reasonOf(error), fix)
  }
}

/**
 * `unavailable` does not say why, but its cause does. For a host name with several addresses, the failures of each address
 * are inside an AggregateError without a message.
 */
function reasonOf (error: unknown): string {
  if (isPowercrudError(error, 'unavailable') && error.cause !== undefined) return reasonOf(error.cause)
  const { message, code, errors } = error as Error & { code?: unknown, errors?: readonly Error[] }
  return message || errors?.map((one) => one.message).join('; ') || String(code ?? error)
}

function failed (part: SystemPart, reason: string, fix: string): PartReport {
  return { part, ok: false, reason, fix }
}
