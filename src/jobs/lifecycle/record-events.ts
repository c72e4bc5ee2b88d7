import { v7 as uuidv7 } from 'uuid'
import type { TerminalStatus } from '../../../schemas/job.ts'
import type { Sql } from '../../database/sql.ts'
import type { Engine } from '../../engine/engine.ts'
import type { JobRow } from '../../engine/job-row.ts'
import { viewJob } from '../view/view-job.ts'
import type { LiveProgress } from '../../live/live-store.ts'
import type { StoredEvent, LifecycleEvent } from '../../engine/lifecycle-events.ts'
import { insertEvents } from './outbox.ts'

/** A job that is not enqueued yet may be withdrawn: its events are not delivered before that is settled, or this time is over. */
const unsettledMs = 10_000

const ends: Readonly<Record<TerminalStatus, LifecycleEvent>> = {
  succeeded: 'complete', completed_with_errors: 'complete', failed: 'fail', cancelled: 'cancel'
}

/** The parts of the engine that record events. */
export type RecordParts = Pick<Engine, 'tables' | 'options' | 'resources' | 'lifecycle'>

/** Records, in the transaction that makes a job, that it was made. */
export async function recordCreate (engine: RecordParts, sql: Sql, job: JobRow): Promise<void> {
  await record(engine, sql, job, ['create'], job.status === 'queued' ? unsettledMs : 0)
}

/** Records, in the transaction that ends a job, how it ended: once, whichever process ends it, and whatever dies afterwards. */
export async function recordEnd (engine: RecordParts, sql: Sql, job: JobRow): Promise<void> {
  await record(engine, sql, job, [ends[job.status as TerminalStatus], 'cleanup'], 0)
}

async function record (engine: RecordParts, sql: Sql, job: JobRow, events: readonly LifecycleEvent[], holdMs: number): Promise<void> {
  if (!engine.lifecycle.hasSubscribers(job)) return
  await insertEvents(sql, engine.tables, {
    jobId: job.id, events: events.map((event) => ({ id: uuidv7(), event })), kept: storedEvent(engine, job, undefined), holdMs
  })
}

/** What is kept of a job with an event. */
export function storedEvent (engine: Pick<Engine, 'options' | 'resources'>, job: JobRow, live: LiveProgress | undefined): StoredEvent {
  return {
    job: viewJob(engine, job, live),
    payload: { payload: job.spec.payload ?? null, group: job.group_name, affected: affectedBy(job), set: job.spec.set ?? null }
  }
}

/** What a task names itself, and for a bulk job its records: `12 cities`. */
function affectedBy ({ affected, resource, total }: JobRow): readonly string[] | null {
  return affected ?? (resource === null ? null : [`${total} ${resource}`])
}
