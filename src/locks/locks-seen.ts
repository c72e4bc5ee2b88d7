import type { Lock } from '../../schemas/locks.ts'
import type { Engine } from '../engine.ts'
import type { JobView } from '../jobs/read-view.ts'
import { viewAll } from '../jobs/read-view.ts'
import { reachable } from '../jobs/reachable.ts'
import { readJobs } from '../jobs/sql/read-jobs.ts'
import type { GivenKey } from './lockable.ts'
import { whoHolds } from './who-holds.ts'

/**
 * Which records of a resource are locked; by whom, only where the caller may see that job.
 * @throws validation_failed for what is no key of it, unavailable
 */
export async function locksSeen (engine: Engine, resourceName: string, ids: readonly GivenKey[], maySee: (view: JobView) => Promise<boolean>): Promise<Lock[]> {
  const holders = await whoHolds(engine, resourceName, ids)
  const jobIds = [...new Set(holders.map(({ jobId }) => jobId))]
  const rows = jobIds.length === 0 ? [] : await reachable(engine, () => readJobs(engine.database, engine.tables, jobIds))
  const seen = new Set<string>()
  for (const view of await viewAll(engine, rows)) {
    if (await maySee(view)) seen.add(view.row.id)
  }
  return holders.map(({ createdBy, ...holder }) => ({ ...holder, createdBy: seen.has(holder.jobId) ? createdBy : null }))
}
