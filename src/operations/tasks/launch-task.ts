import { TaskLaunchSchema } from '../../../schemas/task.ts'
import type { Sql } from '../../database/sql.ts'
import type { Engine } from '../../engine/engine.ts'
import { configurationError, problem } from '../../errors.ts'
import { enqueueLaunched, requireQueue } from '../../jobs/enqueue-launched.ts'
import { idempotencyClaim, keepIdempotencyKey, reserveIdempotencyKey, type IdempotencyClaim } from '../../jobs/idempotency.ts'
import type { JobRow } from '../../engine/job-row.ts'
import { mapConnectionErrors } from '../../database/unavailable.ts'
import { lockSetsOf, type Conflicts, type LockSet } from '../../jobs/locks/conflict-set.ts'
import { memberPath } from '../../validation/option-errors.ts'
import { validationErrors } from '../../validation/validation-errors.ts'
import { insertTask, type NewTask } from './insert-task.ts'
import { storableJson } from '../../execution/tasks/storable-json.ts'
import { requireTask } from '../../execution/tasks/task-definitions.ts'
import type { Task } from '../../engine/task.ts'

export interface TaskLaunchOptions {
  /** Records that no other job may touch until the task has ended, by entity or resource. */
  readonly conflicts?: Conflicts
  /** What to do when other jobs hold some of them; `fail` by default. */
  readonly onConflict?: 'fail' | 'wait'
  readonly user?: { readonly id: string | number, readonly label?: string | null } | null
  /** What the task is about, for people. */
  readonly affected?: readonly string[]
  /** What the task belongs to, in the application's words. */
  readonly group?: string
  readonly reason?: string
  /** The same key, user and task make one job, however often it is launched. */
  readonly idempotencyKey?: string
  /** Seconds to wait before the first attempt. */
  readonly delay?: number
  /** The maximum number of attempts; 1 by default. */
  readonly attempts?: number
  /** Seconds that one attempt may take. */
  readonly timeout?: number
}

/**
 * Launches a task: takes its locks and inserts the job in one transaction, and enqueues it after the commit.
 *
 * @throws unknown_task, validation_failed, records_locked, idempotency_in_flight, idempotency_key_reused, too_many_jobs, unavailable;
 * invalid_options while `asyncEnabled` is off
 */
export async function launchTask (engine: Engine, name: string, payload: unknown, options: TaskLaunchOptions = {}): Promise<JobRow> {
  if (!engine.options.asyncEnabled) throw configurationError('invalid_options', 'asyncEnabled is false, so tasks cannot be launched')
  const task = requireTask(engine.tasks, name)
  checkOptions(name, options)
  // The payload as workers will read it.
  const travelled = storableJson(`the payload of ${name}`, payload)
  task.check(travelled)
  const sets = lockSetsOf(engine, options.conflicts ?? {})
  const idempotency = options.idempotencyKey === undefined
    ? undefined
    : idempotencyClaim({ key: options.idempotencyKey, userId: userOf(options)?.id ?? null, route: `task ${name}`, body: { payload: travelled, locks: sets.map(({ lockable, keys }) => [lockable.root, keys]) } })
  await requireQueue(engine)
  const { job, replayed } = await mapConnectionErrors(engine, () => engine.database.transaction((sql) => prepare(engine, sql, newTask(task, travelled, sets, options), idempotency)))
  if (job.status === 'queued' && !replayed) await enqueueLaunched(engine, job, delayOf(options))
  return job
}

async function prepare (
  engine: Pick<Engine, 'tables' | 'options' | 'resources' | 'lifecycle'>, sql: Sql, task: NewTask, idempotency: IdempotencyClaim | undefined
): Promise<{ job: JobRow, replayed: boolean }> {
  const { tables } = engine
  const known = idempotency && await reserveIdempotencyKey(sql, tables, idempotency)
  if (known !== undefined) return { job: known, replayed: true }
  const job = await insertTask(engine, sql, task)
  if (idempotency !== undefined) await keepIdempotencyKey(sql, tables, idempotency, job.id)
  return { job, replayed: false }
}

function newTask ({ name, version }: Task, payload: unknown, sets: readonly LockSet[], options: TaskLaunchOptions): NewTask {
  const { onConflict = 'fail', reason = null, group = null, affected = null, attempts = 1, timeout } = options
  return {
    name,
    payload,
    version,
    sets,
    onConflict,
    user: userOf(options),
    reason,
    retryOf: null,
    terms: {
      group,
      affected,
      delayMs: delayOf(options),
      attemptsMax: attempts,
      timeoutMs: timeout === undefined ? null : Math.round(timeout * 1000),
      checkpoint: null
    }
  }
}

/** @throws validation_failed, which lists every validation error */
function checkOptions (name: string, options: TaskLaunchOptions): void {
  const errors = validationErrors(TaskLaunchSchema, options, { noun: 'option', join: memberPath })
  if (errors.length === 0) return
  throw problem('validation_failed', `the options of the launch of ${name} are not valid: ${errors.map(({ path, message }) => `${path} ${message}`).join('; ')}`, { errors })
}

function delayOf ({ delay = 0 }: TaskLaunchOptions): number {
  return Math.round(delay * 1000)
}

function userOf ({ user }: TaskLaunchOptions): { id: string, label: string } | null {
  if (user === undefined || user === null) return null
  return { id: String(user.id), label: String(user.label ?? user.id) }
}
