import { terminateBackend } from '../../jobs/store/claims.ts'
import { parkDeadJobs, requeueDeadJobs, type DeadJob } from '../../jobs/store/expired-leases.ts'
import { publishStatus, eachJob, whenReachable, type Sweep } from './sweep.ts'

const pageSize = 100

/** Gives jobs whose workers died to other workers. */
export async function requeueExpired (sweep: Sweep): Promise<void> {
  const { engine: { database, tables, queue, log }, now, summary } = sweep
  await eachJob(sweep, () => requeueDeadJobs(database, tables, { now, limit: pageSize }), async (job) => {
    summary.requeued += 1
    log.warn({ jobId: job.id, n: job.n, deaths: job.deaths }, 'the worker of a job died; the job is in the queue again')
    await terminateBackendOf(sweep, job)
    // Where this fails, the queue does not know the job, and the sweep finds that out.
    await whenReachable(sweep, 'queue', () => queue.add({ jobId: job.id, n: job.n }))
    await publishStatus(sweep, job.id)
  })
}

/** Pauses jobs whose workers died while they were about to. */
export async function pauseExpired (sweep: Sweep): Promise<void> {
  const { engine: { database, tables }, now, summary } = sweep
  await eachJob(sweep, () => parkDeadJobs(database, tables, { now, limit: pageSize }), async (job) => {
    summary.paused += 1
    await terminateBackendOf(sweep, job)
    await publishStatus(sweep, job.id)
  })
}

/** Ends what a worker may have left in the database: it may be frozen, and hold the locks of the rows that it wrote. */
export async function terminateBackendOf (
  { engine: { database } }: Sweep, { id: jobId, backend_pid: pid, backend_start: start }: Pick<DeadJob, 'id' | 'backend_pid' | 'backend_start'>
): Promise<void> {
  if (pid !== null && start !== null) await terminateBackend(database, { jobId, pid, start })
}
