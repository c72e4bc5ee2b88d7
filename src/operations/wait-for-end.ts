import type { Engine } from '../engine/engine.ts'
import type { JobFeed } from '../live/job-feed.ts'
import type { JobRow } from '../engine/job-row.ts'
import { mapConnectionErrors } from '../database/unavailable.ts'
import { readJob } from '../jobs/store/job-rows.ts'
import { isTerminal } from '../engine/states.ts'

/**
 * Waits until a job has ended, for at most `ms`, or until `signal` aborts because the caller has gone. Resolves to the
 * job as it was last read.
 */
export async function waitForEnd (
  engine: Pick<Engine, 'database' | 'tables' | 'log'>, feed: JobFeed, job: JobRow, ms: number, signal: AbortSignal
): Promise<JobRow> {
  let seen = job
  for await (const news of feed.changes(job.id, AbortSignal.any([signal, AbortSignal.timeout(ms)]))) {
    if (news === 'progress') continue
    seen = await mapConnectionErrors(engine, () => readJob(engine.database, engine.tables, job.id)) ?? seen
    if (isTerminal(seen.status)) break
  }
  return seen
}
