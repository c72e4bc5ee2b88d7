import { grantWaiting } from '../../jobs/grant-waiting.ts'
import type { Delivery } from '../../queue/job-queue.ts'
import { readQueuedJobs, type QueuedJob, renumberJob } from '../../jobs/store/deliveries.ts'
import { whenReachable, type Sweep } from './sweep.ts'

const pageSize = 200

/** Concurrent lookups in the queue. */
const lookupConcurrency = 10

/**
 * Re-enqueues queued jobs that the queue does not have. It may have lost them (a Redis that came back empty), never have
 * received them (a server that died between commit and enqueue), or hold them without progress (an entry that failed, or
 * is active on a dead worker).
 */
export async function enqueueMissing (sweep: Sweep): Promise<void> {
  const { engine: { database, tables, leaseMs }, now, signal, summary } = sweep
  let after: QueuedJob | undefined
  do {
    const jobs = await readQueuedJobs(database, tables, { now, leaseMs, after, limit: pageSize })
    for (let start = 0; start < jobs.length; start += lookupConcurrency) {
      if (signal.aborted || summary.unreachable.includes('queue')) return
      await Promise.all(jobs.slice(start, start + lookupConcurrency).map((job) => lookUp(sweep, job)))
    }
    after = jobs.length === pageSize ? jobs.at(-1) : undefined
  } while (after !== undefined)
}

async function lookUp (sweep: Sweep, { id, n, is_unclaimed: isUnclaimed, delay_ms: delayMs }: QueuedJob): Promise<void> {
  const { engine: { database, tables, queue } } = sweep
  const state = await whenReachable(sweep, 'queue', () => queue.stateOf({ jobId: id, n }))
  if (state === 'unknown') return deliver(sweep, { jobId: id, n }, delayMs)
  // The queue ignores an id that it knows, so a dead entry is enqueued again under a new number.
  if ((state === 'failed' || state === 'active') && isUnclaimed) {
    const renumbered = await renumberJob(database, tables, { id, n })
    if (renumbered !== undefined) await deliver(sweep, { jobId: id, n: renumbered }, delayMs)
  }
}

async function deliver (sweep: Sweep, delivery: Delivery, delayMs: number): Promise<void> {
  const { engine: { queue, log }, summary } = sweep
  const isDelivered = await whenReachable(sweep, 'queue', async () => {
    await queue.add(delivery, delayMs > 0 ? { delayMs } : {})
    return true
  })
  if (isDelivered === undefined) return
  summary.redelivered += 1
  log.warn({ ...delivery }, 're-enqueued a job that was missing from the queue')
}

/** A process may have died after it ended a job and before it granted the records to waiting jobs. */
export async function grantRecords ({ engine, summary }: Sweep): Promise<void> {
  summary.granted += await grantWaiting(engine)
}
