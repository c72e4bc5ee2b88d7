import { v7 as uuidv7 } from 'uuid'
import type { Sql } from '../database/sql.ts'
import type { Engine } from '../engine.ts'
import { configurationError } from '../errors.ts'
import { deliver, pingQueue } from '../jobs/deliver.ts'
import { idempotencyClaim, keepIdempotencyKey, reserveIdempotencyKey, type IdempotencyClaim } from '../jobs/idempotency.ts'
import type { JobRow } from '../jobs/job-row.ts'
import { reachable } from '../jobs/reachable.ts'
import { requireRoom } from '../jobs/require-room.ts'
import { insertJob } from '../jobs/sql/insert-job.ts'
import { recordCreate } from '../lifecycle/record-events.ts'
import { lockSetsOf, type Conflicts, type LockSet } from '../locks/conflict-set.ts'
import { takeLocks } from '../locks/take-locks.ts'
import { requireTask, type Task } from './known-tasks.ts'

export interface TaskLaunchOptions {
  /** Records that nobody else may touch while the task lives: by entity or resource. */
  readonly conflicts?: Conflicts
  /** What to do where others hold some of them; refuse, when left out. */
  readonly onConflict?: 'fail' | 'wait'
  readonly user?: { readonly id: string | number, readonly label?: string } | null
  /** What the task is about, for people. */
  readonly affected?: readonly string[]
  /** What the task belongs to, in the application's words. */
  readonly group?: string
  readonly reason?: string
  /** The same key, user and task make one job, however often it is launched. */
  readonly idempotencyKey?: string
  /** Seconds to wait before the first attempt. */
  readonly delay?: number
  /** How often it is tried at most; once, when left out. */
  readonly attempts?: number
  /** Seconds that one attempt may take. */
  readonly timeout?: number
}

interface Launch {
  task: Task
  payload: unknown
  sets: readonly LockSet[]
  options: TaskLaunchOptions
  idempotency: IdempotencyClaim | undefined
}

/**
 * Makes a job of a task: its locks are taken and its row is written in one transaction; only then the queue hears of it.
 *
 * @throws unknown_task, validation_failed, records_locked, idempotency_in_flight, idempotency_key_reused, too_many_jobs, unavailable;
 * invalid_options while `asyncEnabled` is off
 */
export async function launchTask (engine: Engine, name: string, payload: unknown, options: TaskLaunchOptions = {}): Promise<JobRow> {
  if (!engine.options.asyncEnabled) throw configurationError('invalid_options', 'asyncEnabled is false: nothing runs in the background, and no task can be launched')
  const task = requireTask(engine.tasks, name)
  // As any worker will read it.
  const travelled: unknown = payload === undefined ? null : JSON.parse(JSON.stringify(payload))
  task.check(travelled)
  const sets = lockSetsOf(engine, options.conflicts ?? {})
  const idempotency = options.idempotencyKey === undefined
    ? undefined
    : idempotencyClaim({ key: options.idempotencyKey, userId: userOf(options)?.id ?? null, route: `task ${name}`, body: { payload: travelled, locks: sets.map(({ lockable, keys }) => [lockable.root, keys]) } })
  await pingQueue(engine)
  const { job, replayed } = await reachable(engine, () => engine.database.transaction((sql) => prepare(engine, sql, { task, payload: travelled, sets, options, idempotency })))
  if (job.status === 'queued' && !replayed) await deliver(engine, job, delayOf(options))
  return job
}

async function prepare (engine: Engine, sql: Sql, { task, payload, sets, options, idempotency }: Launch): Promise<{ job: JobRow, replayed: boolean }> {
  const { tables } = engine
  const known = idempotency && await reserveIdempotencyKey(sql, tables, idempotency)
  if (known !== undefined) return { job: known, replayed: true }
  const id = uuidv7()
  const taken = await takeLocks(sql, tables, { sets, selectionId: id, wait: options.onConflict === 'wait' })
  await requireRoom(engine, sql, userOf(options))
  const job = await insertJob(sql, tables, {
    id,
    kind: 'task',
    resource: null,
    operation: task.name,
    status: taken === 'waiting' ? 'waiting' : 'queued',
    onError: 'rollback',
    onConflict: options.onConflict ?? 'fail',
    selectionId: id,
    spec: { payload, version: task.version },
    fingerprint: `${task.name}@${task.version}`,
    reason: options.reason ?? null,
    createdBy: userOf(options),
    undoOf: null,
    retryOf: null,
    total: 0,
    claim: null,
    task: {
      group: options.group ?? null,
      affected: options.affected ?? null,
      delayMs: delayOf(options),
      attemptsMax: Math.max(1, options.attempts ?? 1),
      timeoutMs: options.timeout === undefined ? null : Math.round(options.timeout * 1000)
    }
  })
  await recordCreate(engine, sql, job)
  if (idempotency !== undefined) await keepIdempotencyKey(sql, tables, idempotency, id)
  return { job, replayed: false }
}

function delayOf ({ delay = 0 }: TaskLaunchOptions): number {
  return Math.max(0, Math.round(delay * 1000))
}

function userOf ({ user }: TaskLaunchOptions): { id: string, label: string } | null {
  if (user === undefined || user === null) return null
  return { id: String(user.id), label: String(user.label ?? user.id) }
}
