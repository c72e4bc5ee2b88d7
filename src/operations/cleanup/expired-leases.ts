import { enqueue } from '../../jobs/enqueue.ts'
import { terminateBackend } from '../../jobs/store/claims.ts'
import { pauseDeadJobs, requeueDeadJobs, type DeadJob } from '../../jobs/store/expired-leases.ts'
import { publishStatus, eachJob, whenReachable, type Sweep } from './sweep.ts'

const pageSize = 100

/** Requeues jobs whose lease has expired. */
export async function requeueExpired (sweep: Sweep): Promise<void> {
  const { engine, now, summary } = sweep
  const { database, tables, log } = engine
  await eachJob(sweep, () => requeueDeadJobs(database, tables, { now, limit: pageSize }), async (job) => {
    summary.requeued += 1
    log.warn({ jobId: job.id, n: job.n, deaths: job.deaths }, 'requeued a job whose worker died')
    await terminateBackendOf(sweep, job)
    // If this fails, a later sweep finds that the queue does not have the job.
    await whenReachable(sweep, 'queue', () => enqueue(engine, job))
    await publishStatus(sweep, job.id)
  })
}

/** Pauses jobs whose worker died while they were pausing. */
export async function pauseExpired (sweep: Sweep): Promise<void> {
  const { engine: { database, tables }, now, summary } = sweep
  await eachJob(sweep, () => pauseDeadJobs(database, tables, { now, limit: pageSize }), async (job) => {
    summary.paused += 1
    await terminateBackendOf(sweep, job)
    await publishStatus(sweep, job.id)
  })
}

/** Terminates the database session of a lost claim: its worker may be frozen and hold row locks. */
export async function terminateBackendOf (
  { engine: { database } }: Sweep, { id: jobId, backend_pid: pid, backend_start: start }: Pick<DeadJob, 'id' | 'backend_pid' | 'backend_start'>
): Promise<void> {
  if (pid !== null && start !== null) await terminateBackend(database, { jobId, pid, start })
}
