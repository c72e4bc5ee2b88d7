import type { Static, TSchema } from '@sinclair/typebox'
import type { EntityManager } from '@mikro-orm/postgresql'
import { ActiveQuerySchema, ToldProgressSchema } from '../../../schemas/task.ts'
import { livingStatuses, type Job, type JobProgress, type JobStatus } from '../../../schemas/job.ts'
import type { Engine } from '../../engine/engine.ts'
import type { LifecycleHandler } from '../../engine/lifecycle.ts'
import { problem } from '../../errors.ts'
import { cancelJob } from '../../operations/cancel-job.ts'
import { mapConnectionErrors } from '../../database/unavailable.ts'
import { readView, viewAll, viewLive } from '../../jobs/view/read-view.ts'
import { listJobs } from '../../jobs/store/job-list.ts'
import { readJob } from '../../jobs/store/job-rows.ts'
import { isTerminal } from '../../engine/states.ts'
import type { LifecycleEvent, LifecycleListener, LifecyclePayload } from '../../engine/lifecycle-events.ts'
import { boundedCount } from '../../live/reported-progress.ts'
import { addLocks } from '../../jobs/locks/add-locks.ts'
import { assertUnlockedIn } from '../../jobs/locks/assert-unlocked.ts'
import { lockSetsOf, requireConflicts, type Conflicts } from '../../jobs/locks/conflict-set.ts'
import type { GivenKey, LockableName } from '../../jobs/locks/lockable.ts'
import { memberPath } from '../../validation/option-errors.ts'
import { removeLocks } from '../../jobs/locks/lock-chunks.ts'
import { lockedProblem } from '../../jobs/locks/take-locks.ts'
import { findRecordHolders, type Holder } from '../../jobs/locks/record-holders.ts'
import { cleanup } from '../../operations/cleanup/cleanup.ts'
import type { CleanupSummary } from '../../operations/cleanup/summary.ts'
import { validationErrors } from '../../validation/validation-errors.ts'
import { launchTask, type TaskLaunchOptions } from '../../operations/tasks/launch-task.ts'
import type { TaskDefinition } from '../../engine/task.ts'
import {
  validateAgreement, validateDatabase, validateLiveStore, validateMigrations, validateQueue, validateSystem, validateWorker,
  type PartReport, type SystemReport
} from '../../operations/validate-system.ts'

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i
const listedAtMost = 1_000

declare const opaque: unique symbol

/** What a manager is constructed with; a subclass with a constructor of its own passes it on. */
export interface ManagerContext {
  readonly [opaque]: 'ManagerContext'
}

const engines = new WeakMap<ManagerContext, Engine>()

export function managerContext (engine: Engine): ManagerContext {
  const context = Object.freeze({}) as ManagerContext
  engines.set(context, engine)
  return context
}

/** The engine of a manager: no member of it, since applications extend the class. */
export let engineOf: (manager: AsyncManager) => Engine

/** What the engine delivers the events of a manager's jobs to. */
export let lifecycleHandlerOf: (manager: AsyncManager) => LifecycleHandler

/** A held record, and as what it was asked for. */
export interface HeldRecord extends Holder {
  readonly entity: string
}

/** The filter of the list of active jobs. */
export interface ActiveQuery {
  readonly resource?: string
  readonly operation?: string
  /** The id of the user who launched them. */
  readonly createdBy?: string
  readonly limit?: number
}

/**
 * What applications use in code. An application may give a subclass of its own (option `manager`, for all jobs or for
 * those of a resource) to receive their lifecycle events.
 */
export class AsyncManager {
  readonly #engine: Engine
  readonly #listeners = new Map<LifecycleEvent, LifecycleListener[]>()

  static {
    engineOf = (manager) => manager.#engine
    lifecycleHandlerOf = (manager) => ({
      get wantsEvents () {
        return manager.#listeners.size > 0 || manager.asyncTaskLifecycle !== AsyncManager.prototype.asyncTaskLifecycle
      },
      async dispatch (event, job, payload) {
        await manager.asyncTaskLifecycle(event, job, payload)
        for (const listener of manager.#listeners.get(event) ?? []) await listener(job, payload)
      }
    })
  }

  constructor (context: ManagerContext) {
    this.#engine = engines.get(context)!
  }

  /**
   * Launches a task in the background. It is committed when this resolves, whatever becomes of a transaction around it.
   * @throws unknown_task, validation_failed, records_locked, idempotency_in_flight, idempotency_key_reused, unavailable
   */
  async launch (task: TaskDefinition): Promise<Job>
  async launch<Schema extends TSchema> (task: TaskDefinition<Schema>, payload: Static<Schema>, options?: TaskLaunchOptions): Promise<Job>
  async launch (task: string, payload?: unknown, options?: TaskLaunchOptions): Promise<Job>
  async launch (task: string | { readonly name: string }, payload: unknown = null, options: TaskLaunchOptions = {}): Promise<Job> {
    const job = await launchTask(this.#engine, (typeof task === 'string' ? task : task?.name) as string, payload, options)
    return viewLive(this.#engine, job)
  }

  /** A job as clients see it; undefined for an unknown id. */
  async getJob (jobId: string): Promise<Job | undefined> {
    return uuid.test(jobId) ? (await readView(this.#engine, jobId))?.job : undefined
  }

  /** Undefined for an unknown id: what is not known is not done. */
  async getStatus (jobId: string): Promise<JobStatus | undefined> {
    return (await this.getJob(jobId))?.status
  }

  /** Whether a job is known, and has not ended. */
  async isActive (jobId: string): Promise<boolean> {
    const status = await this.getStatus(jobId)
    return status !== undefined && !isTerminal(status)
  }

  /** How far a job is; undefined for an unknown id. */
  async getProgress (jobId: string): Promise<JobProgress & Pick<Job['counts'], 'processed' | 'total'> | undefined> {
    const job = await this.getJob(jobId)
    return job && { ...job.progress, processed: job.counts.processed, total: job.counts.total }
  }

  /**
   * Reports the progress of a running job from outside of its handler. Ignored once the job has ended.
   * @throws job_not_found, validation_failed
   */
  async updateProgress (jobId: string, report: { done: number, total: number, message?: string }): Promise<void> {
    requireValid(ToldProgressSchema, report)
    const { done, total, message } = report
    const { database, tables, live, lifecycle } = this.#engine
    const job = uuid.test(jobId) ? await mapConnectionErrors(this.#engine, () => readJob(database, tables, jobId)) : undefined
    if (job === undefined) throw problem('job_not_found')
    if (isTerminal(job.status)) return
    const progress = { fence: job.fence, processed: boundedCount(done), total: boundedCount(total), message: message ?? `${job.operation}: ${done}/${total}`, reportedAtMs: Date.now() }
    await live.publish(jobId, progress)
    lifecycle.progress(job, progress)
  }

  /** The active jobs, newest first: a thousand at most. @throws validation_failed */
  async activeJobs (query: ActiveQuery = {}): Promise<Job[]> {
    requireValid(ActiveQuerySchema, query)
    const { resource, operation, createdBy, limit = listedAtMost } = query
    const rows = await mapConnectionErrors(this.#engine, () => listJobs(this.#engine.database, this.#engine.tables, {
      status: livingStatuses, resource, operation, createdBy, ownedBy: undefined, after: undefined, limit
    }))
    return (await viewAll(this.#engine, rows)).map(({ job }) => job)
  }

  /** @throws job_not_found, wrong_state for a job that has ended, unavailable */
  async cancel (jobId: string): Promise<Job> {
    if (!uuid.test(jobId)) throw problem('job_not_found')
    return viewLive(this.#engine, await cancelJob(this.#engine, jobId))
  }

  /**
   * Locks further records for an active job, all or none, until it ends.
   * @throws records_locked where others hold some; wrong_state for a job that has ended or is itself waiting for records; job_not_found
   */
  async addConflicts (jobId: string, conflicts: Conflicts): Promise<void> {
    const engine = this.#engine
    const sets = lockSetsOf(engine, conflicts)
    if (!uuid.test(jobId)) throw problem('job_not_found')
    const added = await mapConnectionErrors(engine, () => addLocks(engine, { jobId, fence: undefined, sets }))
    if (added.kind === 'held') throw lockedProblem(added.conflicts, added.conflicts.length)
    if (added.kind === 'added') return
    const status = added.status ?? await this.getStatus(jobId)
    if (status === undefined) throw problem('job_not_found')
    throw problem('wrong_state', `the job is ${status}, and can lock nothing more`, { jobId })
  }

  /** Which of these records are held by jobs, at this moment. */
  async checkConflicts (conflicts: Conflicts): Promise<HeldRecord[]> {
    requireConflicts(conflicts)
    const held = await Promise.all(Object.entries(conflicts).map(async ([entity, keys]) =>
      (await findRecordHolders(this.#engine, entity, keys)).map((holder) => ({ entity, ...holder }))))
    return held.flat()
  }

  /**
   * Gives back records that a job has locked beside its work, before it ends: never those of the selection that it works
   * on, and never another job's. Resolves to how many there were.
   */
  async removeConflicts (jobId: string, conflicts: Conflicts): Promise<number> {
    const engine = this.#engine
    const sets = lockSetsOf(engine, conflicts)
    if (!uuid.test(jobId)) return 0
    return mapConnectionErrors(engine, () => engine.database.transaction(async (sql) => {
      let removed = 0
      for (const { lockable: { root, key }, keys } of sets) removed += await removeLocks(sql, engine.tables, { jobId, kind: key.kind, root, keys })
      return removed
    }))
  }

  /** Which of these records are locked, and by whom. */
  async whoHolds (entity: LockableName, keys: readonly GivenKey[]): Promise<Holder[]> {
    return findRecordHolders(this.#engine, entity, keys)
  }

  /** @throws records_locked while a job holds a record; in a transaction it stays free until that ends */
  async assertUnlocked (entity: LockableName, keys: GivenKey | readonly GivenKey[], em?: EntityManager): Promise<void> {
    return assertUnlockedIn(this.#engine, entity, keys, em)
  }

  /** Runs the scheduled cleanup once and returns its summary. */
  async cleanupCompletedTasks (): Promise<CleanupSummary> {
    return cleanup(this.#engine)
  }

  /** Checks each part that background jobs need, a living worker among them; a part that fails says why, and what to do. */
  async validateAsyncSystem (): Promise<SystemReport> {
    return validateSystem(this.#engine)
  }

  /** The parts of that, one by one. */
  async validateDatabase (): Promise<PartReport> { return validateDatabase(this.#engine) }
  async validateMigrations (): Promise<PartReport> { return validateMigrations(this.#engine) }
  async validateLiveStore (): Promise<PartReport> { return validateLiveStore(this.#engine) }
  async validateQueue (): Promise<PartReport> { return validateQueue(this.#engine) }
  async validateWorker (): Promise<PartReport> { return validateWorker(this.#engine) }
  async validateAgreement (): Promise<PartReport> { return validateAgreement(this.#engine) }

  /**
   * Lifecycle callback, to be overridden. Delivered at least once, in order per job, with the job as it was then; `cleanup`
   * always comes last. When it throws, the event is delivered again later and other jobs are unaffected. May be called in any process
   * that has the same config, and again with the same `eventId`: let it have the same effect then.
   */
  async asyncTaskLifecycle (_event: LifecycleEvent, _job: Job, _payload: LifecyclePayload): Promise<void> {}

  /**
   * Subscribes to one kind of event, for jobs that end in this process. For those of separate workers give
   * the option `hooks`, in the config that they share.
   */
  on (event: LifecycleEvent, listener: LifecycleListener): this {
    this.#listeners.set(event, [...this.#listeners.get(event) ?? [], listener])
    return this
  }

  onCreate (listener: LifecycleListener): this { return this.on('create', listener) }
  onProgress (listener: LifecycleListener): this { return this.on('progress', listener) }
  onComplete (listener: LifecycleListener): this { return this.on('complete', listener) }
  onFail (listener: LifecycleListener): this { return this.on('fail', listener) }
  onCancel (listener: LifecycleListener): this { return this.on('cancel', listener) }
  onCleanup (listener: LifecycleListener): this { return this.on('cleanup', listener) }
}

/** @throws validation_failed, which lists every validation error */
function requireValid (schema: TSchema, given: unknown): void {
  const errors = validationErrors(schema, given, { noun: 'option', join: memberPath })
  if (errors.length > 0) throw problem('validation_failed', errors.map(({ path, message }) => `${path} ${message}`.trim()).join('; '), { errors })
}
