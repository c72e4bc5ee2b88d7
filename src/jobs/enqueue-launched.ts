import { retryAfterSeconds } from '../database/unavailable.ts'
import type { Engine } from '../engine/engine.ts'
import type { JobRow } from '../engine/job-row.ts'
import { problem } from '../errors.ts'
import { enqueue } from './enqueue.ts'
import { grantWaiting, type GrantParts } from './grant-waiting.ts'
import { releaseEvents } from './lifecycle/outbox.ts'
import { withdrawJob } from './store/launches.ts'

const pingTimeoutMs = 2_000

/**
 * Makes sure, before a job is inserted, that the queue and the live store can be reached.
 * @throws unavailable
 */
export async function requireQueue ({ queue, live, log }: Pick<Engine, 'queue' | 'live' | 'log'>): Promise<void> {
  try {
    await Promise.all([queue.ping(pingTimeoutMs), live.ping(pingTimeoutMs)])
  } catch (error) {
    log.error({ err: error }, 'the queue or the live store cannot be reached')
    throw problem('unavailable', 'the queue cannot be reached; nothing was changed', { retryAfterSeconds, cause: error })
  }
}

/**
 * Enqueues a job that its launch has committed. If that fails the job is withdrawn, and its records go to those that waited
 * for them; unless a worker or a sweep has found the job in the meantime: then it is done all the same.
 * @throws unavailable when the job was withdrawn
 */
export async function enqueueLaunched (
  engine: GrantParts & Pick<Engine, 'lifecycle'>, job: Pick<JobRow, 'id' | 'n' | 'resource'>, delayMs: number = 0
): Promise<void> {
  const { database, tables, log } = engine
  try {
    await enqueue(engine, job, delayMs)
  } catch (error) {
    log.error({ jobId: job.id, err: error }, 'could not enqueue a launched job')
    if (!await withdrawJob(database, tables, job.id)) return
    await grantFreed(engine, job.id)
    throw problem('unavailable', 'the queue cannot be reached; nothing was changed', { retryAfterSeconds, cause: error })
  }
  if (engine.lifecycle.hasSubscribers(job)) await releaseCreateEvent(engine, job.id)
}

/** A launch that fails here has failed already: the sweep grants too. */
async function grantFreed (engine: GrantParts, jobId: string): Promise<void> {
  try {
    await grantWaiting(engine)
  } catch (error) {
    engine.log.warn({ jobId, err: error }, 'could not grant the records of a withdrawn job; the next sweep will')
  }
}

/** Until now the job could have been withdrawn. If this fails, its events are delivered a little later. */
async function releaseCreateEvent ({ database, tables, lifecycle, log }: Pick<Engine, 'database' | 'tables' | 'lifecycle' | 'log'>, jobId: string): Promise<void> {
  try {
    await releaseEvents(database, tables, jobId)
    lifecycle.wake()
  } catch (error) {
    log.warn({ jobId, err: error }, 'could not release the events of a job')
  }
}
