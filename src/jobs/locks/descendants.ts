import { isPowercrudError, engineError, problem } from '../../errors.ts'
import { addLocks } from './add-locks.ts'
import type { LockSet } from './conflict-set.ts'
import { lockableOf, storedKeys, type GivenKey, type LockableName } from './lockable.ts'
import { jobContext, type JobContext } from '../context/job-context.ts'

/**
 * Locks further records for the job that the caller is part of, before it writes them; they are released with the job.
 * To register one again is nothing. In ordinary code, which is part of no job, nothing happens.
 *
 * @throws locked when another job holds one: where a record is being written, that record fails with this code
 */
export async function registerDescendantConflicts (entity: LockableName, keys: readonly GivenKey[] | GivenKey): Promise<void> {
  const context = jobContext()
  if (context === undefined) return
  const lockable = lockableOf(context.engine, entity)
  await registerLocks(context, { lockable, keys: storedKeys(lockable, Array.isArray(keys) ? keys : [keys as GivenKey]) })
}

/** The same for keys that are in their stored form. */
export async function registerLocks ({ engine, job, fence }: JobContext, set: LockSet): Promise<void> {
  if (set.keys.length === 0) return
  const added = await addLocks(engine, { jobId: job.id, fence, sets: [set] }).catch((error: unknown) => {
    // An ordinary transaction has the table for too long: a reason for this record to fail, not for the job.
    if (isPowercrudError(error, 'unavailable')) throw problem('lock_timeout', undefined, { cause: error })
    throw error
  })
  if (added.kind === 'gone') throw engineError('lease_lost')
  if (added.kind === 'added') return
  const { conflicts } = added
  throw problem('locked', `${set.lockable.name} ${JSON.stringify(conflicts[0]!.id)}${conflicts.length > 1 ? ` and ${conflicts.length - 1} more are` : ' is'} locked by another job`, { conflicts })
}
