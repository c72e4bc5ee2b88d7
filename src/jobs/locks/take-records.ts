import type { OnConflict } from '../../../schemas/job.ts'
import { listedConflictsLimit } from '../../../schemas/problem.ts'
import type { Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'
import { problem } from '../../errors.ts'
import type { Resource } from '../../entities/resource.ts'
import { excludeLocked, findConflicts } from './conflicts.ts'
import { lockRoots } from './root-locks.ts'
import { setWaiting } from './tickets.ts'
import { serializeConflicts } from './serialize-conflicts.ts'

/** `held`: the selection has its records. `waiting`: it has a ticket for them. */
export type Taken = 'held' | 'waiting'

/**
 * Takes the records of a frozen selection, all or none, so that no other job can lock one until the transaction ends
 * (and after its commit until the job does).
 *
 * @throws records_locked, with the conflicts, where others hold some and the launch does not want to skip or wait
 */
export async function takeRecords (
  sql: Sql, tables: Tables, resource: Resource,
  { selectionId, chunkCount, onConflict }: { selectionId: string, chunkCount: number, onConflict: OnConflict }
): Promise<Taken> {
  const { root, key } = resource
  await lockRoots(sql, tables.schema, [root])
  if (onConflict === 'skip') {
    await excludeLocked(sql, tables, { kind: key.kind, selectionId, root, nextNo: chunkCount })
    return 'held'
  }
  const found = await findConflicts(sql, tables, { kind: key.kind, selectionId, root, limit: onConflict === 'wait' ? 1 : listedConflictsLimit })
  if (found.conflictCount === 0) return 'held'
  if (onConflict === 'fail') throw refusal(resource, found)
  await setWaiting(sql, tables, selectionId)
  return 'waiting'
}

function refusal (resource: Resource, { conflicts, conflictCount }: Awaited<ReturnType<typeof findConflicts>>) {
  return problem('records_locked', `${conflictCount} of the selected records of ${resource.name} ${conflictCount === 1 ? 'is' : 'are'} locked by another job`, {
    conflictCount,
    conflicts: serializeConflicts(resource, conflicts)
  })
}
