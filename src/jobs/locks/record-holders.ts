import type { AnyRecordKey } from '../../../schemas/results.ts'
import { jobContext } from '../context/job-context.ts'
import type { Engine } from '../../engine/engine.ts'
import { mapConnectionErrors } from '../../database/unavailable.ts'
import { lockableOf, storedKeys, type GivenKey, type LockableName } from './lockable.ts'
import { findHolders } from './conflicts.ts'

/** A record that a job holds. */
export interface Holder {
  readonly id: AnyRecordKey
  readonly jobId: string
  readonly operation: string
  readonly since: string
  readonly createdBy: { readonly id: string, readonly label: string } | null
}

/**
 * Which of these records are locked, and by whom, at this moment. To the code of a job its own locks are none.
 * @throws invalid_options for an unknown entity, validation_failed for what is no key of it, unavailable
 */
export async function findRecordHolders (engine: Pick<Engine, 'orm' | 'resources' | 'entityTables' | 'database' | 'tables' | 'log'>, named: LockableName, keys: readonly GivenKey[]): Promise<Holder[]> {
  const lockable = lockableOf(engine, named)
  const { key, root } = lockable
  const wanted = storedKeys(lockable, keys)
  if (wanted.length === 0) return []
  const own = jobContext()
  const rows = await mapConnectionErrors(engine, () => findHolders(engine.database, engine.tables, {
    kind: key.kind, root, keys: wanted, except: own?.engine === engine ? own.job.selection_id : undefined
  }))
  return rows.map((row) => ({
    id: key.toWire(row.key),
    jobId: row.job_id,
    operation: row.operation,
    since: row.since.toISOString(),
    createdBy: row.created_by_id === null ? null : { id: row.created_by_id, label: row.created_by_label ?? row.created_by_id }
  }))
}
