import type { Engine } from '../engine.ts'
import { runJob } from '../run/run-job.ts'
import type { JobRow } from './job-row.ts'
import { launchBulk, type BulkLaunch } from './launch-bulk.ts'
import { readJob } from './sql/read-job.ts'
import { reachable } from './reachable.ts'

export interface Performed {
  job: JobRow
  replayed: boolean
}

/** A request is never asked to stop: it ends with its job. */
const never = new AbortController().signal

/** Launches a bulk operation, and does it at once where it is small: the same job, the same code path. */
export async function performBulk (engine: Engine, launch: BulkLaunch): Promise<Performed> {
  const { job, claimed, replayed } = await launchBulk(engine, launch)
  if (!claimed) return { job, replayed }
  const end = await runJob(engine, { job, fence: job.fence }, never)
  if (end.kind === 'ended') return { job: end.job, replayed }
  // Another worker has it by now: what its row says is what there is to say.
  return { job: await reachable(engine, () => readJob(engine.database, engine.tables, job.id)) ?? job, replayed }
}
