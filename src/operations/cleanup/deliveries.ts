import { enqueue } from '../../jobs/enqueue.ts'
import { grantWaiting } from '../../jobs/grant-waiting.ts'
import type { Delivery, DeliveryState } from '../../queue/job-queue.ts'
import { readQueuedJobs, type QueuedJob, renumberJob } from '../../jobs/store/deliveries.ts'
import { hasCapableWorker } from '../../jobs/store/workers.ts'
import { whenReachable, type Sweep } from './sweep.ts'

const pageSize = 200

/** Concurrent lookups in the queue. */
const lookupConcurrency = 10

/**
 * Re-enqueues queued jobs that the queue does not have. It may have lost them (a Redis that came back empty), never have
 * received them (a server that died between commit and enqueue), or hold them without progress (an entry that failed, is
 * active on a dead worker, or is delayed by a process whose clock is ahead).
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

async function lookUp (sweep: Sweep, job: QueuedJob): Promise<void> {
  const { engine: { database, tables, queue } } = sweep
  const { id, n, delay_ms: delayMs } = job
  const state = await whenReachable(sweep, 'queue', () => queue.stateOf({ jobId: id, n }))
  if (state === undefined) return
  if (state === 'unknown') return deliver(sweep, { jobId: id, n }, delayMs, 'was missing from the queue')
  if (!await isIdle(sweep, state, job)) return
  // The queue ignores an id that it knows: an entry that leads to nothing is replaced by one under another number.
  const renumbered = await renumberJob(database, tables, { id, n })
  if (renumbered !== undefined) await deliver(sweep, { jobId: id, n: renumbered }, delayMs, `was ${state} in the queue, without a worker`)
}

/** Whether an entry in this state will not bring the job to a worker when it should. */
async function isIdle ({ engine: { database, tables, leaseMs } }: Sweep, state: DeliveryState, { id, is_unclaimed: isUnclaimed, is_overdue: isOverdue }: QueuedJob): Promise<boolean> {
  // Without a worker that can do the job, those that cannot delay it again and again, as they should.
  if (state === 'delayed') return isOverdue && await hasCapableWorker(database, tables, { jobId: id, livingMs: leaseMs })
  return (state === 'failed' || state === 'active') && isUnclaimed
}

async function deliver (sweep: Sweep, delivery: Delivery, delayMs: number, why: string): Promise<void> {
  const { engine, summary } = sweep
  const isDelivered = await whenReachable(sweep, 'queue', async () => {
    await enqueue(engine, { id: delivery.jobId, n: delivery.n }, delayMs)
    return true
  })
  if (isDelivered === undefined) return
  summary.redelivered += 1
  engine.log.warn({ ...delivery }, `re-enqueued a job that ${why}`)
}

/** A process may have died after it ended a job and before it granted the records to waiting jobs. */
export async function grantRecords ({ engine, summary }: Sweep): Promise<void> {
  summary.granted += await grantWaiting(engine)
}
