import type { JobStatus } from '../../schemas/job.ts'
import type { EndTransition } from '../engine/states.ts'
import type { Sql } from '../database/sql.ts'
import type { Engine } from '../engine/engine.ts'
import { engineError, isPowercrudError } from '../errors.ts'
import { recordEnd } from './lifecycle/record-events.ts'
import { releaseSelection } from './locks/lock-chunks.ts'
import type { Refusal } from '../engine/writer.ts'
import { grantWaiting } from './grant-waiting.ts'
import type { JobRow } from '../engine/job-row.ts'
import { blameRow } from './store/chunks.ts'
import { finishJob, type JobEnd } from './store/transitions.ts'

export interface Ending {
  job: { id: string, selection_id: string }
  /** The claim that ends it; undefined for those who end a job from outside. */
  fence: number | undefined
  transition: EndTransition
  /** The status that the job was read in, where it must not have moved since. */
  readAs?: JobStatus
  end: JobEnd
  /** The record that was at fault. */
  blame?: { no: number, refusal: Refusal }
}

/**
 * Ends a job in the transaction of `sql`: everything that belongs to an end happens here, in one commit, whoever ends
 * it. The job's row comes last, since it is locked until the commit.
 * Resolves to the ended job; undefined (roll back) when somebody else has it, or ended it.
 */
export async function endJob (engine: Pick<Engine, 'tables' | 'options' | 'resources' | 'lifecycle'>, sql: Sql, { job, fence, transition, readAs, end, blame }: Ending): Promise<JobRow | undefined> {
  const { tables } = engine
  if (blame !== undefined) await blameRow(sql, tables, { jobId: job.id, ...blame })
  await releaseSelection(sql, tables, job.selection_id)
  const ended = await finishJob(sql, tables, { id: job.id, fence, transition, end, ...(readAs !== undefined && { readAs }) })
  // Whoever added a lock while the first release looked has committed by now, and from now on nobody can.
  if (ended === undefined) return undefined
  await releaseSelection(sql, tables, job.selection_id)
  await recordEnd(engine, sql, ended)
  return ended
}

/** Ends a job in a transaction of its own; undefined when it was not there to be ended. */
export async function endJobNow (engine: Engine, ending: Ending): Promise<JobRow | undefined> {
  try {
    const ended = await engine.database.transaction(async (sql) => {
      const row = await endJob(engine, sql, ending)
      if (row === undefined) throw engineError('lease_lost')
      return row
    })
    await announceEnd(engine, ended)
    return ended
  } catch (error) {
    if (isPowercrudError(error, 'lease_lost')) return undefined
    throw error
  }
}

/**
 * Tells everybody who listens that a job has ended, and gives its records to those who wait. Nothing depends on it: the
 * row is committed, and the sweep grants too.
 */
export async function announceEnd (engine: Engine, job: JobRow): Promise<void> {
  const { live, lifecycle, log } = engine
  lifecycle.wake()
  try {
    await grantWaiting(engine)
    await live.forget([job.id])
    await live.signal({ jobId: job.id, kind: 'status' })
  } catch (error) {
    log.warn({ jobId: job.id, err: error }, 'could not announce the end of a job')
  }
}
