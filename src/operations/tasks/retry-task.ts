import type { EntityMetadata } from '@mikro-orm/core'
import type { Sql } from '../../database/sql.ts'
import type { Engine } from '../../engine/engine.ts'
import { isPowercrudError, problem } from '../../errors.ts'
import { enqueueLaunched, requireQueue } from '../../jobs/enqueue-launched.ts'
import type { JobRow } from '../../engine/job-row.ts'
import { mapConnectionErrors } from '../../database/unavailable.ts'
import { lockRetriedJob } from '../../jobs/store/launches.ts'
import { isTerminal } from '../../engine/states.ts'
import type { LockSet } from '../../jobs/locks/conflict-set.ts'
import { lockableOf } from '../../jobs/locks/lockable.ts'
import { readLaunchLocks } from '../../jobs/locks/lock-chunks.ts'
import { capabilitiesOf, blockedReasonFor } from '../../engine/capabilities.ts'
import { insertTask } from './insert-task.ts'
import { payloadFor } from '../../execution/tasks/task-definitions.ts'

/**
 * Retries a task that failed or was cancelled: a new job with the same payload, locks and terms, which continues from the
 * last saved checkpoint. Committed work must not be done twice, so each job can be retried once; to try again, retry the
 * retry.
 *
 * @throws wrong_state, job_not_found, records_locked, too_many_jobs, unavailable
 */
export async function retryTask (engine: Engine, job: JobRow, user: { id: string, label: string } | null): Promise<JobRow> {
  requireRetriable(engine, job)
  await requireQueue(engine)
  const retry = await mapConnectionErrors(engine, () => engine.database.transaction((sql) => prepare(engine, sql, job, user)))
  if (retry.status === 'queued') await enqueueLaunched(engine, retry)
  return retry
}

function requireRetriable (engine: Pick<Engine, 'options' | 'resources' | 'tasks'>, job: JobRow): void {
  const refuse = (why: string) => problem('wrong_state', why, { jobId: job.id })
  const { id, status, operation, spec: { version = 1 } } = job
  if (!isTerminal(status)) throw refuse(`a job can be retried once it has ended; it is ${status}`)
  if (status === 'succeeded') throw refuse('the task succeeded: there is nothing to retry')
  if (!engine.options.asyncEnabled) throw refuse('asyncEnabled is false, so tasks cannot be retried')
  const blockedReason = blockedReasonFor(capabilitiesOf(engine), { kind: 'task', resource: null, operation, fingerprint: '', version })
  if (blockedReason !== undefined) throw refuse(`the task cannot be retried here: ${blockedReason}`)
  const task = engine.tasks.get(operation)!
  try {
    task.check(payloadFor(task, job))
  } catch (error) {
    if (!isPowercrudError(error, 'validation_failed')) throw error
    throw problem('wrong_state', `the task cannot be retried: ${error.message}`, { jobId: id, cause: error })
  }
}

async function prepare (
  engine: Pick<Engine, 'orm' | 'tables' | 'entityTables' | 'options' | 'resources' | 'lifecycle'>, sql: Sql, job: JobRow, user: { id: string, label: string } | null
): Promise<JobRow> {
  const { tables } = engine
  const { isThere, retry } = await lockRetriedJob(sql, tables, job.id)
  // Cleanup has removed the job and its locks since it was read.
  if (!isThere) throw problem('job_not_found')
  if (retry !== undefined) throw problem('wrong_state', 'the task has been retried already; if that failed too, retry that job', { jobId: retry })
  const { operation: name, spec: { payload, version = 1, lockChunks = 0 }, on_conflict: onConflict, reason } = job
  const held = await readLaunchLocks(sql, tables, { selectionId: job.selection_id, lockChunks })
  return insertTask(engine, sql, {
    name,
    payload,
    version,
    sets: held.map(({ root, keys }) => setOf(engine, job, root, keys)),
    onConflict: onConflict === 'wait' ? 'wait' : 'fail',
    user,
    reason,
    retryOf: job.id,
    terms: {
      group: job.group_name, affected: job.affected, delayMs: 0, attemptsMax: job.attempts_max, timeoutMs: job.timeout_ms, checkpoint: job.checkpoint
    }
  })
}

function isIn ({ entityTables }: Pick<Engine, 'entityTables'>, meta: EntityMetadata, root: string): boolean {
  return !meta.embeddable && !meta.pivotTable && typeof entityTables.find(meta.root) !== 'string' && entityTables.rootOf(meta) === root
}

/** Locks are stored per table; any entity of the table knows how its keys are read and written. */
function setOf (
  engine: Pick<Engine, 'orm' | 'entityTables' | 'resources'>, { id }: JobRow, root: string, keys: readonly string[]
): LockSet {
  const meta = [...engine.orm.getMetadata()].find((meta) => isIn(engine, meta as EntityMetadata, root))
  if (meta === undefined) throw problem('wrong_state', `the task cannot be retried here: it locked records of the table ${root}, which belongs to no entity of this process`, { jobId: id })
  const lockable = lockableOf(engine, meta.className)
  return { lockable, keys: [...keys].sort(lockable.key.compare) }
}
