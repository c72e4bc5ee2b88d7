import type { Sql } from '../database/sql.ts'
import type { Tables } from '../database/tables.ts'
import { problem } from '../errors.ts'
import type { Resource } from '../resources/resource.ts'
import { findConflicts } from './sql/find-conflicts.ts'
import { lockRoots } from './sql/lock-roots.ts'

/** Conflicts that an answer names at most. */
const toldAtMost = 100

/**
 * Makes sure that nobody else holds a record of a selection, and that nobody can take one until the transaction ends.
 * @throws records_locked, with the conflicts
 */
export async function refuseConflicts (sql: Sql, tables: Tables, { root, key, name }: Resource, selectionId: string): Promise<void> {
  await lockRoots(sql, tables.schema, [root])
  const { conflicts, conflictCount } = await findConflicts(sql, tables, { kind: key.kind, selectionId, root, limit: toldAtMost })
  if (conflictCount === 0) return
  throw problem('records_locked', `${conflictCount} of the selected records of ${name} ${conflictCount === 1 ? 'is' : 'are'} locked by another job`, {
    conflictCount,
    conflicts: conflicts.map((conflict) => ({
      id: key.toWire(conflict.key),
      jobId: conflict.job_id,
      operation: conflict.operation,
      since: conflict.since.toISOString()
    }))
  })
}
