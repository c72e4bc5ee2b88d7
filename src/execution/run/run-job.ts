import { setTimeout as delay } from 'node:timers/promises'
import { backoffMs } from '../../backoff.ts'
import { isConnectionError, isTransient } from '../../database/sql.ts'
import type { Engine } from '../../engine/engine.ts'
import { isPowercrudError, messageOf } from '../../errors.ts'
import { inJobContext } from '../../jobs/context/job-context.ts'
import { endJobNow } from '../../jobs/end-job.ts'
import { progressPublisher } from '../../jobs/lifecycle/progress-publisher.ts'
import { progressMessage } from '../../jobs/view/view-job.ts'
import { createProgressTicker } from '../../live/progress-ticker.ts'
import { createWriter } from '../create-writer.ts'
import { runChunkByChunk } from './chunk-by-chunk.ts'
import type { Claim } from './claim.ts'
import { countConnectionLosses, lossBackoff, maxConnectionLosses } from './connection-losses.ts'
import { startHeartbeat } from './heartbeat.ts'
import { runInOneTransaction } from './in-one-transaction.ts'
import type { Run, RunEnd } from './run.ts'
import { waitForReconnect } from './wait-for-reconnect.ts'
import { writeTransactions } from './write-transaction.ts'

/**
 * Does the work of a claimed bulk job, in a worker or in a request: one code path. Never throws for what happens to the job:
 * it ends, is left to another worker, or is requeued.
 */
export async function runJob (engine: Engine, claim: Claim, stopping: AbortSignal): Promise<RunEnd> {
  const { job, fence } = claim
  const resource = engine.resources.get(job.resource!)!
  // Before the heartbeat: if one of these throws, it must not leave a job behind that looks alive.
  const writer = createWriter(engine, resource, job)
  const transactions = writeTransactions(engine, claim)
  const heartbeat = startHeartbeat(engine, claim)
  const ticker = createProgressTicker({
    store: progressPublisher(engine, job),
    jobId: job.id,
    fence,
    total: job.total,
    describe: (processed, total) => progressMessage(job.operation, processed, total),
    onError: (error) => engine.log.warn({ jobId: job.id, err: error }, 'could not publish the progress of a job')
  })
  const losses = countConnectionLosses(new Date(job.touched_at))
  const run: Run = { engine, claim, resource, heartbeat, ticker, stopping, writer, transactions, losses }
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
    const openedBefore = run.transactions.openedCount
    try {
      return await work(run)
    } catch (error) {
      if (run.heartbeat.lost.aborted || isPowercrudError(error, 'lease_lost')) return { kind: 'lost' }
      if (!isConnectionError(error)) return await fail(run, error)
      const end = await recover(run, error, run.transactions.openedCount > openedBefore)
      if (end !== undefined) return end
    }
  }
}

/**
 * After a lost connection: waits until the database is back. Resolves to the end of the run, or to undefined when the work is to
 * start again.
 * @param wasInTransaction else no connection was available, for which the job is not to blame
 */
async function recover (run: Run, error: unknown, wasInTransaction: boolean): Promise<RunEnd | undefined> {
  const { engine: { log }, claim: { job }, heartbeat, losses } = run
  log.warn({ jobId: job.id, err: error }, 'database connection lost in the middle of a job; reconnecting')
  const reconnection = await waitForReconnect(run)
  if (reconnection.kind === 'over') return reconnection.end
  const count = wasInTransaction ? losses.lost(reconnection.serverStartedAt) : 4
  if (count >= maxConnectionLosses) return await fail(run, error, 'poisoned')
  await delay(backoffMs(lossBackoff, count), undefined, { signal: heartbeat.lost }).catch(() => undefined)
  return undefined
}

/** An unforeseen error ends the job; its cause is in the log only. */
async function fail (
  { engine, claim: { job, fence } }: Run, error: unknown, code: 'poisoned' | 'serialization_failure' | 'internal' = isTransient(error) ? 'serialization_failure' : 'internal'
): Promise<RunEnd> {
  engine.log.error({ jobId: job.id, err: error }, 'a job failed')
  const ended = await endJobNow(engine, {
    job, fence, transition: 'finish', end: { status: 'failed', error: { code, message: messageOf(code) } }
  })
  return ended === undefined ? { kind: 'lost' } : { kind: 'ended', job: ended }
}
