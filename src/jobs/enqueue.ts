import type { Engine } from '../engine/engine.ts'
import type { JobRow } from '../engine/job-row.ts'
import { announceChange } from './announce-change.ts'

/**
 * Puts a delivery of a committed job into the queue, under its number: one that the queue has already is left as it is.
 * Rejects fast when the queue cannot be reached.
 */
export async function enqueue ({ queue }: Pick<Engine, 'queue'>, { id, n }: Pick<JobRow, 'id' | 'n'>, delayMs: number = 0): Promise<void> {
  await queue.add({ jobId: id, n }, delayMs > 0 ? { delayMs } : {})
}

/** Enqueues a job that has become `queued` again, and announces it. Never fails: the sweep enqueues what is missing from the queue. */
export async function enqueueAgain (engine: Pick<Engine, 'queue' | 'live' | 'log'>, job: Pick<JobRow, 'id' | 'n'>, delayMs: number = 0): Promise<void> {
  try {
    await enqueue(engine, job, delayMs)
  } catch (error) {
    engine.log.warn({ jobId: job.id, err: error }, 'could not enqueue a job; the next sweep will')
  }
  await announceChange(engine, job.id)
}
