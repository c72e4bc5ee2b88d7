import type { JobStatus } from '../../schemas/job.ts'
import type { EndTransition } from '../engine/states.ts'
import { retryTransaction } from '../database/retry-transaction.ts'
import type { Sql } from '../database/sql.ts'
import { engineError, isPowercrudError } from '../errors.ts'
import { recordEnd, type RecordParts } from './lifecycle/record-events.ts'
import { releaseSelection } from './locks/lock-chunks.ts'
import type { Refusal } from '../engine/writer.ts'
import { announceChange } from './announce-change.ts'
import { grantWaiting, type GrantParts } from './grant-waiting.ts'
import type { JobRow } from '../engine/job-row.ts'
import { blameRow } from './store/chunks.ts'
import { finishJob, type JobEnd } from './store/transitions.ts'

/** The parts of the engine that end a job in a transaction of their own. */
export type EndParts = GrantParts & RecordParts

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
 * Ends a job in the transaction of `sql`: everything that belongs to an end happens here, in one commit, whichever process ends
 * it. The job's row comes last, since it is locked until the commit.
 * Resolves to the ended job; undefined (roll back) when another process has claimed or ended it.
 */
export async function endJob (engine: RecordParts, sql: Sql, { job, fence, transition, readAs, end, blame }: Ending): Promise<JobRow | undefined> {
  const { tables } = engine
  if (blame !== undefined) await blameRow(sql, tables, { jobId: job.id, ...blame })
  await releaseSelection(sql, tables, job.selection_id)
  const ended = await finishJob(sql, tables, { id: job.id, fence, transition, end, ...(readAs !== undefined && { readAs }) })
  // Locks that were added during the first release are committed by now, and none can be added from now on.
  if (ended === undefined) return undefined
  await releaseSelection(sql, tables, job.selection_id)
  await recordEnd(engine, sql, ended)
  return ended
}

/** Ends a job in a transaction of its own; undefined when it was not there to be ended. */
export async function endJobNow (engine: EndParts, ending: Ending): Promise<JobRow | undefined> {
  try {
    const ended = await retryTransaction(() => engine.database.transaction(async (sql) => {
      const row = await endJob(engine, sql, ending)
      if (row === undefined) throw engineError('lease_lost')
      return row
    }))
    await announceEnd(engine, ended)
    return ended
  } catch (error) {
    if (isPowercrudError(error, 'lease_lost')) return undefined
    throw error
  }
}

/**
 * Announces that a job has ended, and grants its records to those that wait. Never fails: the end is committed, and the sweep
 * grants too.
 */
export async function announceEnd (engine: EndParts, job: JobRow): Promise<void> {
  const { live, lifecycle, log } = engine
  lifecycle.wake()
  try {
    await grantWaiting(engine)
    await live.forget([job.id])
  } catch (error) {
    log.warn({ jobId: job.id, err: error }, 'could not grant the records of an ended job, or delete its live progress; the next sweep will')
  }
  await announceChange(engine, job.id)
}
