import { messageOf } from '../../errors.ts'
import { endJobNow } from '../../jobs/end-job.ts'
import type { JobEnd } from '../../jobs/store/transitions.ts'
import { terminateBackendOf } from './expired-leases.ts'
import { findAbandonedJobs, takeOverJobs, type TransactionOutcome } from '../../jobs/store/takeovers.ts'
import { eachJob, type Sweep } from './sweep.ts'

const pageSize = 100

/** What was committed is counted in the row already, and stays. */
const ends: Record<TransactionOutcome, JobEnd> = {
  cancelled: { status: 'cancelled', error: null },
  poisoned: failed('poisoned'),
  stuck: failed('stuck')
}

/** Ends jobs that no worker may go on with: whose worker died in the middle of a cancel, poisonous and stuck ones. */
export async function endUnrecoverable (sweep: Sweep): Promise<void> {
  const { engine, now, summary } = sweep
  const { database, tables, leaseMs, options: { maxTaskDurationMs }, log } = engine
  await eachJob(sweep, () => takeOverJobs(database, tables, { now, maxTaskDurationMs, leaseMs, limit: pageSize }), async (job) => {
    await terminateBackendOf(sweep, job)
    const ended = await endJobNow(engine, { job, fence: job.fence, transition: job.verdict === 'cancelled' ? 'settleCancel' : 'finish', end: ends[job.verdict] })
    if (ended === undefined) return
    summary[job.verdict] += 1
    log.warn({ jobId: job.id, deaths: ended.deaths }, `a job that no worker may go on with is ${job.verdict}`)
  })
}

/** Ends jobs that nobody will come for, so that their records are free. */
export async function endAbandoned (sweep: Sweep): Promise<void> {
  const { engine, now, summary } = sweep
  const { database, tables, options: { conflictTtlMs }, log } = engine
  const passed = new Set<string>()
  const page = async () => {
    const jobs = await findAbandonedJobs(database, tables, { now, ttlMs: conflictTtlMs, limit: pageSize })
    // A job that somebody claims at this very moment is read again, and not asked twice.
    return jobs.filter(({ id }) => !passed.has(id))
  }
  await eachJob(sweep, page, async (job) => {
    passed.add(job.id)
    const ended = await endJobNow(engine, { job, fence: job.fence, transition: 'abandon', readAs: job.status, end: failed('abandoned', job.hindrance) })
    if (ended === undefined) return
    summary.abandoned += 1
    log.warn({ jobId: job.id, hindrance: job.hindrance }, 'no worker came for a job that could do it; it failed, and its records are free')
  })
}

function failed (code: 'poisoned' | 'stuck' | 'abandoned', detail: string | null = null): JobEnd {
  return { status: 'failed', error: { code, message: detail === null ? messageOf(code) : `${messageOf(code)}; one left it: ${detail}` } }
}
