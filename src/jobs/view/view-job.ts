import type { Job } from '../../../schemas/job.ts'
import type { Engine } from '../../engine/engine.ts'
import { processedOf, type JobRow } from '../../engine/job-row.ts'
import { isTerminal } from '../../engine/states.ts'
import type { LiveProgress } from '../../live/live-store.ts'
import { paceOf } from '../../live/rate.ts'

/**
 * A job as clients see it: its row, and while it runs its live progress.
 *
 * The row wins wherever it has more: the live progress of an old claim, or of a job that has ended, is ignored.
 */
export function viewJob (engine: Pick<Engine, 'options' | 'resources'>, row: JobRow, live: LiveProgress | undefined, now = new Date()): Job {
  const ended = isTerminal(row.status)
  const current = !ended && live !== undefined && live.fence === row.fence ? live : undefined
  const processed = Math.max(processedOf(row), current?.processed ?? 0)
  // How much a task has to do it may say on the way.
  const total = row.kind === 'task' ? current?.total ?? row.total : row.total
  const { succeeded, unchanged, missing, skipped, failed } = row
  return {
    id: row.id,
    resource: row.resource,
    operation: row.operation,
    status: row.status,
    counts: { total, processed, succeeded, unchanged, missing, skipped, failed },
    progress: {
      ...paceOf({ status: row.status, startedAt: row.started_at, finishedAt: row.finished_at, processed, total, now }),
      ...(row.kind === 'task' && ended && { percent: row.status === 'succeeded' ? 100 : 0 }),
      message: current?.message ?? waitsFor(row) ?? (row.kind === 'task' ? row.operation : progressMessage(row.operation, processed, total))
    },
    onError: row.on_error,
    onConflict: row.on_conflict,
    attempts: row.attempts,
    createdBy: row.created_by_id === null ? null : { id: row.created_by_id, label: row.created_by_label ?? row.created_by_id },
    // An undo keeps the change set of the job that it undoes, and writes none of its own.
    set: row.operation === 'update' ? row.spec.set ?? null : null,
    reason: row.reason,
    undoOf: row.undo_of,
    retryOf: row.retry_of,
    createdAt: row.created_at.toISOString(),
    startedAt: row.started_at?.toISOString() ?? null,
    finishedAt: row.finished_at?.toISOString() ?? null,
    error: row.error_code === null ? null : { code: row.error_code as NonNullable<Job['error']>['code'], message: row.error_message ?? '' },
    result: row.result,
    links: linksOf(engine, row)
  }
}

/** Why a queued job waits for another worker: without it, a config that differs would be visible in logs only. */
function waitsFor ({ status, hindrance }: JobRow): string | undefined {
  return status === 'queued' && hindrance !== null ? `waits for a worker with the same config; one left it: ${hindrance}` : undefined
}

function linksOf (engine: Pick<Engine, 'options' | 'resources'>, row: JobRow): Job['links'] {
  const { id, status } = row
  const { basePath } = engine.options
  const job = `${basePath}/jobs/${id}`
  return {
    self: job,
    progress: `${basePath}/progress/${id}`,
    // The stream is still to be built, and a link must lead somewhere.
    events: null,
    results: `${job}/results`,
    cancel: isTerminal(status) || status === 'cancelling' ? null : `${job}/cancel`,
    undo: isUndoable(engine, row) ? `${job}/undo` : null
  }
}

const verbs: Readonly<Record<string, string>> = { update: 'updating', delete: 'deleting', undo: 'undoing' }

/** How far a job is, for people: `updating: 300/2000`. */
export function progressMessage (operation: string, processed: number, total: number): string {
  return `${verbs[operation] ?? operation}: ${processed}/${total}`
}

/**
 * Whether a job has something that can be undone: what it wrote, and kept as it was before. Whether it has been undone,
 * the launch finds out.
 */
export function isUndoable ({ resources }: Pick<Engine, 'resources'>, job: JobRow): boolean {
  return job.spec.keepsImages === true && job.resource !== null && (resources.get(job.resource)?.options.undo ?? false) &&
    isTerminal(job.status) && job.succeeded > 0
}
