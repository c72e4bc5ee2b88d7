import type { Conflict } from '../../../schemas/problem.ts'
import type { JobStatus } from '../../../schemas/job.ts'
import type { Engine } from '../../engine/engine.ts'
import type { LockSet } from './conflict-set.ts'
import { findHolders } from './conflicts.ts'
import { lockRoots } from './root-locks.ts'
import { shareLivingJob, freezeLockSet } from './lock-chunks.ts'
import { serializeConflicts } from './serialize-conflicts.ts'

export type Added =
  | { kind: 'added' }
  /** Others hold some of the records: none was added. */
  | { kind: 'held', conflicts: Conflict[] }
  /** The job has ended, has another worker, or is itself waiting. */
  | { kind: 'gone', status: JobStatus | undefined }

/**
 * Adds locks to a job that lives, all or none; it has them until it ends. It never waits: a job that holds records and
 * waits for others could wait in a circle. A short transaction on a connection of the engine's own, beside the one in
 * which the job writes.
 */
export async function addLocks (
  { database, tables }: Pick<Engine, 'database' | 'tables'>, { jobId, fence, sets }: { jobId: string, fence: number | undefined, sets: readonly LockSet[] }
): Promise<Added> {
  if (sets.length === 0) return { kind: 'added' }
  return database.transaction(async (sql): Promise<Added> => {
    await lockRoots(sql, tables.schema, sets.map(({ lockable }) => lockable.root))
    const job = await shareLivingJob(sql, tables, { id: jobId, fence })
    if (job === undefined || job.status === 'waiting') return { kind: 'gone', status: job?.status }
    const conflicts: Conflict[] = []
    const wanted: LockSet[] = []
    for (const { lockable, keys } of sets) {
      const { key, root } = lockable
      const holders = await findHolders(sql, tables, { kind: key.kind, root, keys, except: undefined })
      conflicts.push(...serializeConflicts(lockable, holders.filter(({ job_id: holder }) => holder !== jobId)))
      const own = new Set(holders.map((holder) => holder.key))
      wanted.push({ lockable, keys: keys.filter((key) => !own.has(key)) })
    }
    if (conflicts.length > 0) return { kind: 'held', conflicts }
    for (const set of wanted) await freezeLockSet(sql, tables, job.selection_id, set)
    return { kind: 'added' }
  })
}
