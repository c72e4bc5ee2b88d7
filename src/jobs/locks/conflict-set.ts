import { ConflictsSchema } from '../../../schemas/task.ts'
import type { Engine } from '../../engine/engine.ts'
import { problem } from '../../errors.ts'
import { memberPath } from '../../validation/option-errors.ts'
import { validationErrors } from '../../validation/validation-errors.ts'
import { lockableOf, storedKeys, type GivenKey, type Lockable } from './lockable.ts'

/** Records by the name of their entity or resource: `{ Project: [7], cities: [1, 2] }`. */
export type Conflicts = { readonly [entityOrResource: string]: readonly GivenKey[] }

/** Records of one root table. */
export interface LockSet {
  readonly lockable: Lockable
  /** Stored, sorted, each once. */
  readonly keys: readonly string[]
}

/** @throws validation_failed for what does not list records by name: it must not be taken for none */
export function requireConflicts (conflicts: Conflicts): void {
  const errors = validationErrors(ConflictsSchema, conflicts, { path: 'conflicts', join: memberPath })
  if (errors.length > 0) throw problem('validation_failed', errors.map(({ path, message }) => `${path} ${message}`).join('; '), { errors })
}

/**
 * Records by root table, in the order of the roots: two names may mean one table.
 * @throws invalid_options for an unknown name, validation_failed for what is no key
 */
export function lockSetsOf (engine: Pick<Engine, 'orm' | 'resources' | 'entityTables'>, conflicts: Conflicts): LockSet[] {
  requireConflicts(conflicts)
  const sets = new Map<string, LockSet>()
  for (const [name, given] of Object.entries(conflicts)) {
    const lockable = lockableOf(engine, name)
    const known = sets.get(lockable.root)
    const keys = [...new Set([...known?.keys ?? [], ...storedKeys(lockable, given)])].sort(lockable.key.compare)
    if (keys.length > 0) sets.set(lockable.root, { lockable, keys })
  }
  return [...sets.values()].sort((one, other) => one.lockable.root < other.lockable.root ? -1 : 1)
}
