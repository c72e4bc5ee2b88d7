import { listedConflictsLimit, type Conflict } from '../../../schemas/problem.ts'
import type { Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'
import { problem } from '../../errors.ts'
import { chunkSize } from '../selection/freeze.ts'
import type { LockSet } from './conflict-set.ts'
import { freezeLockSet } from './lock-chunks.ts'
import { findConflicts } from './conflicts.ts'
import { lockRoots } from './root-locks.ts'
import { setWaiting } from './tickets.ts'
import type { Taken } from './take-records.ts'
import { serializeConflicts } from './serialize-conflicts.ts'

/**
 * Takes records of any number of tables for a new selection, all or none, like the launch of a bulk job does; the roots
 * in ascending order, so that two who want the same tables never wait for each other in a circle.
 *
 * @throws records_locked, with the conflicts, where others hold some and the launch does not want to wait
 */
export async function takeLocks (
  sql: Sql, tables: Tables, { sets, selectionId, wait }: { sets: readonly LockSet[], selectionId: string, wait: boolean }
): Promise<Taken> {
  if (sets.length === 0) return 'held'
  await lockRoots(sql, tables.schema, sets.map(({ lockable }) => lockable.root))
  for (const set of sets) await freezeLockSet(sql, tables, selectionId, set)
  const conflicts: Conflict[] = []
  let conflictCount = 0
  for (const { lockable } of sets) {
    const found = await findConflicts(sql, tables, { kind: lockable.key.kind, selectionId, root: lockable.root, limit: listedConflictsLimit })
    conflictCount += found.conflictCount
    conflicts.push(...serializeConflicts(lockable, found.conflicts))
  }
  if (conflictCount === 0) return 'held'
  if (!wait) throw lockedProblem(conflicts, conflictCount)
  await setWaiting(sql, tables, selectionId)
  return 'waiting'
}

/** How many chunks these become. */
export function chunkCountOf (sets: readonly LockSet[]): number {
  return sets.reduce((count, { keys }) => count + Math.ceil(keys.length / chunkSize), 0)
}

/** The refusal that names who holds what. */
export function lockedProblem (conflicts: readonly Conflict[], conflictCount: number) {
  return problem('records_locked', `${conflictCount} of the records ${conflictCount === 1 ? 'is' : 'are'} locked by another job`, {
    conflictCount, conflicts: conflicts.slice(0, listedConflictsLimit)
  })
}
