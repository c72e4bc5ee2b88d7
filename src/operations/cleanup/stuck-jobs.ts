import { messageOf } from '../../errors.ts'
import { endJobNow } from '../../jobs/end-job.ts'
import type { JobEnd } from '../../jobs/store/transitions.ts'
import { terminateBackendOf } from './expired-leases.ts'
import { findAbandonedJobs, takeOverJobs, type TransactionOutcome } from '../../jobs/store/takeovers.ts'
import { eachJob, type Sweep } from './sweep.ts'

const pageSize = 100

/** Committed records are already counted in the row, and stay. */
const ends: Record<TransactionOutcome, JobEnd> = {
  cancelled: { status: 'cancelled', error: null },
  poisoned: failed('poisoned'),
  stuck: failed('stuck')
}

/** Ends jobs that cannot be requeued: poisoned and stuck ones, and those whose worker died while they were being cancelled. */
export async function endUnrecoverable (sweep: Sweep): Promise<void> {
  const { engine, now, summary } = sweep
  const { database, tables, leaseMs, options: { maxTaskDurationMs }, log } = engine
  await eachJob(sweep, () => takeOverJobs(database, tables, { now, maxTaskDurationMs, leaseMs, limit: pageSize }), async (job) => {
    await terminateBackendOf(sweep, job)
    const ended = await endJobNow(engine, { job, fence: job.fence, transition: job.verdict === 'cancelled' ? 'settleCancel' : 'finish', end: ends[job.verdict] })
    if (ended === undefined) return
    summary[job.verdict] += 1
    log.warn({ jobId: job.id, deaths: ended.deaths }, `ended a job that cannot be requeued: ${job.verdict}`)
  })
}

/** Ends jobs that no living worker can run, so that their records are released. */
export async function endAbandoned (sweep: Sweep): Promise<void> {
  const { engine, now, summary } = sweep
  const { database, tables, options: { conflictTtlMs }, log } = engine
  const passed = new Set<string>()
  const page = async () => {
    const jobs = await findAbandonedJobs(database, tables, { now, ttlMs: conflictTtlMs, limit: pageSize })
    // A job that is being claimed right now is read again by the next page; it is not tried twice.
    return jobs.filter(({ id }) => !passed.has(id))
  }
  await eachJob(sweep, page, async (job) => {
    passed.add(job.id)
    const ended = await endJobNow(engine, { job, fence: job.fence, transition: 'abandon', readAs: job.status, end: failed('abandoned', job.blocked_reason) })
    if (ended === undefined) return
    summary.abandoned += 1
    log.warn({ jobId: job.id, blockedReason: job.blocked_reason }, 'failed a job that no living worker could run, and released its records')
  })
}

function failed (code: 'poisoned' | 'stuck' | 'abandoned', detail: string | null = null): JobEnd {
  return { status: 'failed', error: { code, message: detail === null ? messageOf(code) : `${messageOf(code)}; one left it: ${detail}` } }
}
