import type { EntityManager } from '@mikro-orm/postgresql'
import { listedConflictsLimit } from '../../../schemas/problem.ts'
import { jobContext } from '../context/job-context.ts'
import { enginesFor } from '../context/open-engines.ts'
import { entityManagerSql } from '../../database/entity-transaction.ts'
import type { Engine } from '../../engine/engine.ts'
import { problem } from '../../errors.ts'
import { lockableOf, type GivenKey, type LockableName } from './lockable.ts'
import { shareRoot } from './root-locks.ts'
import { findRecordHolders } from './record-holders.ts'

/**
 * Makes sure that no job holds a record (or any of several), for a write that is not a bulk one. In a transaction that
 * stays true until it ends: launches that want records of this table wait for it. So ask first, keep such transactions
 * short, and launch nothing on the same entity inside of them.
 *
 * The transaction is that of `em`; without one, that of `em.transactional` or of the request that the caller is in.
 * To the code of a job its own locks are none.
 *
 * @throws records_locked (409) with the conflicts, invalid_options for an unknown entity, validation_failed for what is
 * no key of it
 */
export async function assertUnlocked (entity: LockableName, keys: GivenKey | readonly GivenKey[], em?: EntityManager): Promise<void> {
  for (const engine of enginesFor(entity, em)) await assertUnlockedIn(engine, entity, keys, em)
}

/** The same where the engine is known. */
export async function assertUnlockedIn (engine: Engine, entity: LockableName, keys: GivenKey | readonly GivenKey[], em?: EntityManager): Promise<void> {
  const lockable = lockableOf(engine, entity)
  // A job must not keep other locks of its own from being taken.
  if (jobContext()?.engine !== engine) {
    await shareRoot(entityManagerSql(em ?? engine.orm.em as EntityManager), engine.tables.schema, lockable.root)
  }
  // Not in the caller's transaction: under a stricter isolation than READ COMMITTED it would see what was long ago.
  const holders = await findRecordHolders(engine, entity, listOf(lockable.key.composite, keys))
  if (holders.length === 0) return
  throw problem('records_locked', holders.length === 1
    ? `the record of ${lockable.name} is locked by a job`
    : `${holders.length} records of ${lockable.name} are locked by jobs`, {
    conflictCount: holders.length,
    conflicts: holders.slice(0, listedConflictsLimit).map(({ createdBy, ...conflict }) => conflict)
  })
}

/** A list of keys; a list that is one composite key has no lists or objects in it. */
function listOf (composite: boolean, keys: GivenKey | readonly GivenKey[]): readonly GivenKey[] {
  if (!Array.isArray(keys)) return [keys as GivenKey]
  const isOneKey = composite && keys.length > 0 && keys.every((part) => typeof part !== 'object')
  return isOneKey ? [keys] : keys
}
