import { inJobContext } from '../../jobs/context/job-context.ts'
import { isConnectionError } from '../../database/sql.ts'
import type { Engine } from '../../engine/engine.ts'
import { isPowercrudError, messageOf } from '../../errors.ts'
import { endJobNow } from '../../jobs/end-job.ts'
import { progressMessage } from '../../jobs/view/progress-message.ts'
import { tellingLifecycle } from '../../jobs/lifecycle/report-progress.ts'
import { createProgressTicker } from '../../live/progress-ticker.ts'
import { createWriter } from '../create-writer.ts'
import { runChunkByChunk } from './chunk-by-chunk.ts'
import type { Claim } from './claim.ts'
import { startHeartbeat } from './heartbeat.ts'
import { runInOneTransaction } from './in-one-transaction.ts'
import { waitForReconnect } from './wait-for-reconnect.ts'
import type { Run, RunEnd } from './run.ts'
import { isTransient } from '../writers/row-error.ts'
import { writeTransactions } from './write-transaction.ts'

/**
 * Does the work of a claimed bulk job, in a worker or in a request: one code path. Never throws for what happens to
 * the job; it ends, is left to another worker, or is handed back.
 */
export async function runJob (engine: Engine, claim: Claim, stopping: AbortSignal): Promise<RunEnd> {
  const { job, fence } = claim
  const resource = engine.resources.get(job.resource!)!
  // Before the heartbeat: whatever throws here must not leave a job behind that looks alive.
  const writer = createWriter(engine, resource, job)
  const transactions = writeTransactions(engine, claim)
  const heartbeat = startHeartbeat(engine, claim)
  const ticker = createProgressTicker({
    store: tellingLifecycle(engine, job),
    jobId: job.id,
    fence,
    total: job.total,
    describe: (processed, total) => progressMessage(job.operation, processed, total),
    onError: (error) => engine.log.warn({ jobId: job.id, err: error }, 'could not tell the progress of a job')
  })
  const run: Run = { engine, claim, resource, heartbeat, ticker, stopping, writer, transactions }
  try {
    return await inJobContext({ engine, job, fence }, () => runToEnd(run))
  } finally {
    await ticker.stop()
    await heartbeat.stop()
  }
}

async function runToEnd (run: Run): Promise<RunEnd> {
  const work = run.claim.job.on_error === 'rollback' ? runInOneTransaction : runChunkByChunk
  for (;;) {
    try {
      return await work(run)
    } catch (error) {
      if (run.heartbeat.lost.aborted || isPowercrudError(error, 'lease_lost')) return { kind: 'left' }
      if (!isConnectionError(error)) return await fail(run, error)
      run.engine.log.warn({ jobId: run.claim.job.id, err: error }, 'lost the database in the middle of a job; looking again')
      const end = await waitForReconnect(run)
      if (end !== undefined) return end
    }
  }
}

/** What nobody foresaw ends the job, with its cause in the log only. */
async function fail (run: Run, error: unknown): Promise<RunEnd> {
  const { engine, claim: { job, fence } } = run
  engine.log.error({ jobId: job.id, err: error }, 'a job failed')
  const code = isTransient(error) ? 'serialization_failure' : 'internal'
  const ended = await endJobNow(engine, {
    job, fence, transition: 'finish', end: { status: 'failed', error: { code, message: messageOf(code) } }
  })
  return ended === undefined ? { kind: 'left' } : { kind: 'ended', job: ended }
}
