import type { Engine, EngineResource } from '../../engine/engine.ts'
import { problem } from '../../errors.ts'
import type { SelectionView } from '../../entities/selection.ts'
import { isUndoable } from '../../jobs/view/view-job.ts'
import type { JobRow } from '../../engine/job-row.ts'
import type { BulkLaunch } from './launch-bulk.ts'
import { performBulk } from './perform-bulk.ts'
import { isTerminal } from '../../engine/states.ts'
import { retryTask } from '../tasks/retry-task.ts'

export interface FollowUpCaller {
  user: BulkLaunch['user']
  view: SelectionView
}

/**
 * Takes up what of a job failed, or was not done, as a new job: in the background, unless nothing runs there. It may find
 * records locked like any.
 * @throws wrong_state while the job lives, where it left nothing, or where it was an undo
 */
export async function launchRetry (engine: Engine, job: JobRow, { user, view }: FollowUpCaller): Promise<JobRow> {
  if (job.kind === 'task') return retryTask(engine, job, user)
  const resource = resourceOf(engine, job)
  if (!isTerminal(job.status)) throw problem('wrong_state', `a job can be retried once it has ended; it is ${job.status}`, { jobId: job.id })
  if (job.status === 'succeeded' && job.skipped === 0) throw problem('wrong_state', 'the job succeeded: there is nothing to retry', { jobId: job.id })
  const { job: retry } = await performBulk(engine, {
    resource,
    operation: operationOf(job),
    selection: { unfinishedOf: job },
    set: job.spec.set,
    onError: job.on_error,
    onConflict: job.on_conflict,
    reason: job.reason,
    user,
    view,
    runInRequest: 'never',
    idempotency: undefined
  })
  return retry
}

/**
 * Undoes what a job has written, if the record has not changed since, as a new job: in the background, unless nothing
 * runs there.
 * The caller's scope restricts it. The records of a delete are gone, so that a scope cannot be applied to them.
 *
 * @throws wrong_state while the job lives, where it wrote nothing or keeps no before-images, was undone already, or is a
 * delete and the caller has a scope
 */
export async function launchUndo (engine: Engine, job: JobRow, { user, view }: FollowUpCaller): Promise<JobRow> {
  const resource = resourceOf(engine, job)
  if (!isUndoable(engine, job)) {
    throw problem('wrong_state', `the job kept nothing that ${resource.name} could be restored from`, { jobId: job.id })
  }
  if (job.operation === 'delete' && view.scope !== undefined) {
    throw problem('wrong_state', `your access to ${resource.name} is restricted, and whether deleted records are within it cannot be determined; the job can be undone by a user without this restriction`, { jobId: job.id })
  }
  const { job: undo } = await performBulk(engine, {
    resource,
    operation: 'undo',
    selection: { writtenBy: job },
    onError: 'continue',
    onConflict: 'fail',
    reason: job.reason,
    user,
    view,
    runInRequest: 'never',
    idempotency: undefined
  })
  return undo
}

function resourceOf ({ resources }: Pick<Engine, 'resources'>, job: JobRow): EngineResource {
  const resource = job.resource === null ? undefined : resources.get(job.resource)
  if (resource === undefined) throw problem('wrong_state', 'a task cannot be undone, and the resource of a job has to be known here', { jobId: job.id })
  return resource
}

function operationOf (job: JobRow): 'update' | 'delete' {
  if (job.operation === 'undo') throw problem('wrong_state', 'an undo is not retried; undo again what is left', { jobId: job.id })
  return job.operation as 'update' | 'delete'
}
