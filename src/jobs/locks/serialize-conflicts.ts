import type { Conflict } from '../../../schemas/problem.ts'
import type { Lockable } from './lockable.ts'
import type { StoredConflict } from './conflicts.ts'

/** Conflicts as they appear in responses. */
export function serializeConflicts ({ key }: Pick<Lockable, 'key'>, conflicts: readonly StoredConflict[]): Conflict[] {
  return conflicts.map((conflict) => ({
    id: key.toWire(conflict.key),
    jobId: conflict.job_id,
    operation: conflict.operation,
    since: conflict.since.toISOString()
  }))
}
