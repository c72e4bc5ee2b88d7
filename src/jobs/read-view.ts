import type { Job } from '../../schemas/job.ts'
import type { Engine } from '../engine.ts'
import type { LiveProgress } from '../live/live-store.ts'
import type { JobRow } from './job-row.ts'
import { reachable } from './reachable.ts'
import { readJob } from './sql/read-job.ts'
import { isTerminal } from './states.ts'
import { viewJob } from './view-job.ts'

/** A job with its row, for those who must judge who may see it. */
export interface JobView {
  row: JobRow
  job: Job
}

/** Reads a job and what is told of it live; undefined for an unknown id. @throws unavailable */
export async function readView (engine: Engine, id: string): Promise<JobView | undefined> {
  const row = await reachable(engine, () => readJob(engine.database, engine.tables, id))
  return row && { row, job: await viewLive(engine, row) }
}

/** The view of a job that was just read or written. A live store that cannot be reached costs freshness, nothing else. */
export async function viewLive (engine: Engine, row: JobRow): Promise<Job> {
  return viewJob(engine, row, await hear(engine, row))
}

async function hear ({ live, log }: Engine, { id, status }: JobRow): Promise<LiveProgress | undefined> {
  if (isTerminal(status) || status === 'queued' || status === 'waiting') return undefined
  try {
    return await live.hear(id)
  } catch (error) {
    log.warn({ jobId: id, err: error }, 'the live store cannot be reached; progress is told from the job row')
    return undefined
  }
}
