import type { Engine } from '../engine/engine.ts'
import { problem } from '../errors.ts'
import { releaseEvents } from './lifecycle/outbox.ts'
import type { JobRow } from '../engine/job-row.ts'
import { retryAfterSeconds } from '../database/unavailable.ts'
import { withdrawJob } from './store/launches.ts'

const pingTimeoutMs = 2_000

/**
 * Asks the queue and the live store whether they are there, before a job is made for them.
 * @throws unavailable
 */
export async function requireQueue ({ queue, live, log }: Engine): Promise<void> {
  try {
    await Promise.all([queue.ping(pingTimeoutMs), live.ping(pingTimeoutMs)])
  } catch (error) {
    log.error({ err: error }, 'the queue or the live store cannot be reached')
    throw problem('unavailable', 'the queue cannot be reached; nothing was changed', { retryAfterSeconds, cause: error })
  }
}

/**
 * Lets the queue hear of a committed job. If it cannot, the job is taken back, unless somebody has seen it by now: then
 * it will be done.
 * @throws unavailable when the job was taken back
 */
export async function enqueue (engine: Engine, job: Pick<JobRow, 'id' | 'n' | 'resource'>, delayMs = 0): Promise<void> {
  const { queue, database, tables, log } = engine
  try {
    await queue.add({ jobId: job.id, n: job.n }, delayMs > 0 ? { delayMs } : {})
  } catch (error) {
    log.error({ jobId: job.id, err: error }, 'the queue does not take a job')
    if (!await withdrawJob(database, tables, job.id)) return
    throw problem('unavailable', 'the queue cannot be reached; nothing was changed', { retryAfterSeconds, cause: error })
  }
  if (engine.lifecycle.hasSubscribers(job)) await releaseCreateEvent(engine, job.id)
}

/** Until now the job could have been taken back. Where this fails, its events are told a little later. */
async function releaseCreateEvent ({ database, tables, lifecycle, log }: Engine, jobId: string): Promise<void> {
  try {
    await releaseEvents(database, tables, jobId)
    lifecycle.wake()
  } catch (error) {
    log.warn({ jobId, err: error }, 'could not release the events of a job')
  }
}
