import type { Job } from '../../../schemas/job.ts'
import type { Engine } from '../../engine/engine.ts'
import type { LiveProgress } from '../../live/live-store.ts'
import type { JobRow } from '../../engine/job-row.ts'
import { mapConnectionErrors } from '../../database/unavailable.ts'
import { readJob } from '../store/job-rows.ts'
import { isTerminal, pendingStatuses } from '../../engine/states.ts'
import { viewJob } from './view-job.ts'

/** The parts of the engine that view a job. */
type ViewParts = Pick<Engine, 'options' | 'resources' | 'live' | 'log'>

/** A job with its row, for those who must judge who may see it. */
export interface JobView {
  row: JobRow
  job: Job
}

/** Reads a job with its live progress; undefined for an unknown id. @throws unavailable */
export async function readView (engine: ViewParts & Pick<Engine, 'database' | 'tables'>, id: string): Promise<JobView | undefined> {
  const row = await mapConnectionErrors(engine, () => readJob(engine.database, engine.tables, id))
  return row && { row, job: await viewLive(engine, row) }
}

/** The view of a job that was just read or written. A live store that cannot be reached costs freshness, nothing else. */
export async function viewLive (engine: ViewParts, row: JobRow): Promise<Job> {
  return viewJob(engine, row, await readLive(engine, row))
}

/** The views of many jobs, with one question to the live store. */
export async function viewAll (engine: ViewParts, rows: readonly JobRow[]): Promise<JobView[]> {
  const progress = await readLiveMany(engine, rows.filter(hasLiveProgress).map(({ id }) => id))
  return rows.map((row) => ({ row, job: viewJob(engine, row, progress.get(row.id)) }))
}

/** A job without a worker, or that has ended, has no live progress. */
function hasLiveProgress ({ status }: JobRow): boolean {
  return !isTerminal(status) && !pendingStatuses.includes(status)
}

async function readLiveMany ({ live, log }: ViewParts, ids: readonly string[]): Promise<ReadonlyMap<string, LiveProgress>> {
  if (ids.length === 0) return new Map()
  try {
    return await live.readMany(ids)
  } catch (error) {
    log.warn({ err: error }, 'the live store cannot be reached; progress is read from the job rows')
    return new Map()
  }
}

async function readLive ({ live, log }: ViewParts, row: JobRow): Promise<LiveProgress | undefined> {
  if (!hasLiveProgress(row)) return undefined
  const { id } = row
  try {
    return await live.read(id)
  } catch (error) {
    log.warn({ jobId: id, err: error }, 'the live store cannot be reached; progress is read from the job row')
    return undefined
  }
}
