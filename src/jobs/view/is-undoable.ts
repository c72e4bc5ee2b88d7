import type { Engine } from '../../engine/engine.ts'
import type { JobRow } from '../../engine/job-row.ts'
import { isTerminal } from '../../engine/states.ts'

/**
 * Whether a job has something that can be undone: what it wrote, and kept as it was before. Whether it has been undone,
 * the launch finds out.
 */
export function isUndoable ({ resources }: Pick<Engine, 'resources'>, job: JobRow): boolean {
  return job.spec.keepsImages === true && job.resource !== null && (resources.get(job.resource)?.options.undo ?? false) &&
    isTerminal(job.status) && job.succeeded > 0
}
