import type { Lock } from '../../schemas/locks.ts'
import type { Engine, EngineResource } from '../engine/engine.ts'
import { type JobView, viewAll } from '../jobs/view/read-view.ts'
import { mapConnectionErrors } from '../database/unavailable.ts'
import { readJobs } from '../jobs/store/job-rows.ts'
import { visibleRows } from '../entities/conditions.ts'
import type { SelectionView } from '../entities/selection.ts'
import type { GivenKey } from '../jobs/locks/lockable.ts'
import { findRecordHolders, type Holder } from '../jobs/locks/record-holders.ts'
import type { Sql } from '../database/sql.ts'
import type { RecordKey } from '../entities/record-key.ts'

export interface LocksRequest {
  readonly resource: EngineResource
  readonly ids: readonly GivenKey[]
  /** Which records the caller may see. */
  readonly view: SelectionView
  /** Which jobs the caller may see. */
  canSee (view: JobView): Promise<boolean>
}

/**
 * The locked ones among the given records that the caller may see; `createdBy` only where the caller may see the job.
 * @throws validation_failed for what is no key of it, unavailable
 */
export async function listLocks (engine: Engine, { resource, ids, view, canSee }: LocksRequest): Promise<Lock[]> {
  const holders = await visibleHolders(engine, resource, view, await findRecordHolders(engine, resource.name, ids))
  const jobIds = [...new Set(holders.map(({ jobId }) => jobId))]
  const rows = jobIds.length === 0 ? [] : await mapConnectionErrors(engine, () => readJobs(engine.database, engine.tables, jobIds))
  const seen = new Set<string>()
  for (const view of await viewAll(engine, rows)) {
    if (await canSee(view)) seen.add(view.row.id)
  }
  return holders.map(({ createdBy, ...holder }) => ({ ...holder, createdBy: seen.has(holder.jobId) ? createdBy : null }))
}

/** A lock reveals that the record exists, so records outside of the caller's scope are left out. */
async function visibleHolders (
  engine: Pick<Engine, 'database' | 'log'>, resource: EngineResource, view: SelectionView, holders: readonly Holder[]
): Promise<readonly Holder[]> {
  if (holders.length === 0) return holders
  const { key } = resource
  const stored = holders.map(({ id }) => key.fromWire(id))
  const rows = await visibleRows(resource, view)
  const visible = new Set(await mapConnectionErrors(engine, () => visibleKeys(engine.database, { key, rows, keys: stored })))
  return holders.filter((_, index) => visible.has(stored[index]!))
}

/** Which of some stored keys are among the rows of a SELECT. */
export async function visibleKeys (sql: Sql, { key, rows, keys }: { key: RecordKey, rows: string, keys: readonly string[] }): Promise<string[]> {
  const found = await sql.query<{ key: string }>(`
    SELECT (${key.stored('e')})::text AS key FROM (${rows}) e WHERE ${key.among('e', `$1::${key.kind}[]`)}`, [keys])
  return found.map((row) => row.key)
}
