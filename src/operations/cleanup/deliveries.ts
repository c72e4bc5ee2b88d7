import { grantWaiting } from '../../jobs/grant-waiting.ts'
import type { Delivery } from '../../queue/job-queue.ts'
import { readQueuedJobs, type QueuedJob, renumberJob } from '../../jobs/store/deliveries.ts'
import { whenReachable, type Sweep } from './sweep.ts'

const pageSize = 200

/** Questions that are with the queue at once. */
const lookupConcurrency = 10

/**
 * Makes sure that the queue has every queued job. It may have lost them (a Redis that came back empty), never have heard
 * of them (a server that died between commit and enqueue), or hold them without doing anything (an entry that failed, or
 * is active with a worker that is dead).
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
  // The queue ignores an id that it knows: what is dead there is told again under another one.
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
  log.warn({ ...delivery }, 'the queue did not have a queued job; it was told again')
}

/** Whoever ended a job may have died before it gave its records to those who wait for them. */
export async function grantRecords ({ engine, summary }: Sweep): Promise<void> {
  summary.granted += await grantWaiting(engine)
}
