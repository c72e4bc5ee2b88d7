import { v7 as uuidv7 } from 'uuid'
import { pause, within } from '../deadline.ts'
import { pendingMigrations } from '../database/migrate.ts'
import type { Engine } from '../engine.ts'
import { readClock } from '../sweep/sql/read-clock.ts'

const answerMs = 3_000
const probeMs = 10_000
const lookEveryMs = 50

export const systemParts = ['database', 'migrations', 'liveStore', 'queue', 'worker'] as const
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
  // Without a queue nobody could hear the probe.
  const worker = checked[3].ok
    ? await validateWorker(engine)
    : failed('worker', 'the queue cannot be reached, and so no worker either', 'repair the queue first')
  const parts = [...checked, worker]
  return { ok: parts.every(({ ok }) => ok), parts }
}

export async function validateDatabase ({ database }: Engine): Promise<PartReport> {
  return judged('database', 'check the connection of MikroORM, and that PostgreSQL is running', () => within(answerMs, 'the database', () => readClock(database)))
}

export async function validateMigrations ({ database, tables, queue }: Engine): Promise<PartReport> {
  return judged('migrations', 'register with migrate: true, or run powercrud-async migrate --config <file>', async () => {
    const pending = await within(answerMs, 'the list of migrations', () => pendingMigrations(database, { tables, queue: queue.kind }))
    return pending.length === 0 ? undefined : `the database has not seen these migrations: ${pending.join(', ')}`
  })
}

export async function validateLiveStore ({ live }: Engine): Promise<PartReport> {
  return judged('liveStore', live.kind === 'redis' ? 'check the Redis client, and that Redis is running' : 'check that PostgreSQL takes further connections', () => live.ping(answerMs))
}

export async function validateQueue ({ queue }: Engine): Promise<PartReport> {
  return judged('queue', queue.kind === 'redis' ? 'check the Redis client, and that Redis is running' : 'check that PostgreSQL takes further connections, and that the role may use the schema bullmq', () => queue.ping(answerMs))
}

/** A delivery of a job that does not exist is dropped by whoever takes it: when it is gone, there was a worker. */
export async function validateWorker ({ queue }: Engine): Promise<PartReport> {
  return judged('worker', 'start one: powercrud-async worker --config <file>, or worker: { mode: \'in-process\' }', async () => {
    const probe = { jobId: uuidv7(), n: 1 }
    await queue.add(probe)
    const deadlineMs = performance.now() + probeMs
    while (performance.now() < deadlineMs) {
      if (await queue.stateOf(probe) === 'unknown') return undefined
      await pause(lookEveryMs, new AbortController().signal)
    }
    return `no worker took a probe within ${probeMs / 1000} seconds`
  })
}

async function judged (part: SystemPart, fix: string, check: () => Promise<unknown>): Promise<PartReport> {
  try {
    const reason = await check()
    return typeof reason === 'string' ? failed(part, reason, fix) : { part, ok: true }
  } catch (error) {
    return failed(part, (error as Error).message, fix)
  }
}

function failed (part: SystemPart, reason: string, fix: string): PartReport {
  return { part, ok: false, reason, fix }
}
