import { isConnectionError } from '../../database/sql.ts'
import type { Engine } from '../../engine/engine.ts'
import { problem } from '../../errors.ts'
import { runJob } from '../../execution/run/run-job.ts'
import type { JobRow } from '../../engine/job-row.ts'
import { launchBulk, type BulkLaunch } from './launch-bulk.ts'
import { readJob } from '../../jobs/store/job-rows.ts'
import { retryAfterSeconds } from '../../database/unavailable.ts'

export interface Performed {
  job: JobRow
  replayed: boolean
}

/** A job that runs in the request is not interrupted by a shutdown. */
const never = new AbortController().signal

/**
 * Launches a bulk operation, and runs it in the request when it is small: the same job and the same code path.
 * @throws what `launchBulk` does
 */
export async function performBulk (engine: Engine, launch: BulkLaunch): Promise<Performed> {
  const { job, claimed, replayed } = await launchBulk(engine, launch)
  if (!claimed) return { job, replayed }
  const end = await runJob(engine, { job, fence: job.fence }, never)
  if (end.kind === 'ended') return { job: end.job, replayed }
  return { job: await readLostJob(engine, job), replayed }
}

/**
 * Reads a job whose claim this request has lost, to another worker or with the connection.
 * @throws unavailable with the job's id, since the job continues when the database is back
 */
async function readLostJob ({ database, tables }: Pick<Engine, 'database' | 'tables'>, job: JobRow): Promise<JobRow> {
  try {
    return await readJob(database, tables, job.id) ?? job
  } catch (error) {
    if (!isConnectionError(error)) throw error
    throw problem('unavailable', 'the connection to the database was lost during the job, which continues when it is back', {
      jobId: job.id, retryAfterSeconds, cause: error
    })
  }
}
