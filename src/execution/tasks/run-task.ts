import { backoffMs } from '../../backoff.ts'
import { inJobContext } from '../../jobs/context/job-context.ts'
import { isConnectionError, markConnectionAlive, isTransient } from '../../database/sql.ts'
import { settlesWithin } from '../../deadline.ts'
import type { Engine } from '../../engine/engine.ts'
import { engineError, isPowercrudError, problem } from '../../errors.ts'
import { enqueueAgain } from '../../jobs/enqueue.ts'
import { announceEnd, endJob, endJobNow } from '../../jobs/end-job.ts'
import type { JobRow } from '../../engine/job-row.ts'
import { type JobEnd, rescheduleJob } from '../../jobs/store/transitions.ts'
import { saveCheckpoint } from '../../jobs/store/checkpoints.ts'
import { progressPublisher } from '../../jobs/lifecycle/progress-publisher.ts'
import { createProgressTicker, type ProgressTicker } from '../../live/progress-ticker.ts'
import { boundedCount, boundedMessage } from '../../live/reported-progress.ts'
import type { Claim } from '../run/claim.ts'
import { maxConnectionLosses } from '../run/connection-losses.ts'
import { startHeartbeat, type Heartbeat } from '../run/heartbeat.ts'
import { settleInterruption } from '../run/settle-interruption.ts'
import { waitForReconnect } from '../run/wait-for-reconnect.ts'
import { retryTransaction } from '../../database/retry-transaction.ts'
import { checkClaim, interruptionOf, type RunEnd } from '../run/run.ts'
import { storableJson } from './storable-json.ts'
import { payloadFor } from './task-definitions.ts'
import type { Task } from '../../engine/task.ts'
import { failedWith, succeededWith, timedOut } from './task-outcome.ts'
import { taskTransaction, type TaskTransaction } from './task-transaction.ts'
import { taskLog } from './task-log.ts'

/** How long a handler that is asked to stop may take to do so; then its transaction is rolled back under it. */
const graceMs = 5_000
const failureBackoff = { firstMs: 1_000, maxMs: 300_000 }
/** How long a task waits that only lost its connection. */
const reconnectDelayMs = 1_000

interface TaskRun {
  readonly engine: Engine
  readonly claim: Claim
  readonly task: Task
  readonly payload: unknown
  readonly heartbeat: Heartbeat
  readonly ticker: ProgressTicker
  readonly stopping: AbortSignal
  /** Aborts with any reason to stop: asked to, out of time, shutting down, claim lost. */
  readonly signal: AbortSignal
  readonly timeout: AbortSignal
}

/**
 * Does the work of a claimed task. Like `runJob` it never throws for what happens to the job: it ends, is
 * requeued for another attempt, is left to another worker, or is released.
 */
export async function runTask (engine: Engine, claim: Claim, task: Task, stopping: AbortSignal): Promise<RunEnd> {
  const { job, fence } = claim
  const heartbeat = startHeartbeat(engine, claim)
  const ticker = createProgressTicker({
    store: progressPublisher(engine, job),
    jobId: job.id,
    fence,
    total: job.total,
    describe: (done, total) => total > 0 ? `${job.operation}: ${done}/${total}` : job.operation,
    onError: (error) => engine.log.warn({ jobId: job.id, err: error }, 'could not publish the progress of a task')
  })
  const timeout = job.timeout_ms === null ? new AbortController().signal : AbortSignal.timeout(job.timeout_ms)
  const signal = AbortSignal.any([heartbeat.lost, heartbeat.interrupted, stopping, timeout])
  try {
    return await inJobContext({ engine, job, fence }, () => runToEnd({
      engine, claim, task, payload: job.spec.payload, heartbeat, ticker, stopping, signal, timeout
    }))
  } finally {
    await ticker.stop()
    await heartbeat.stop()
  }
}

async function runToEnd (run: TaskRun): Promise<RunEnd> {
  const { engine, claim: { job } } = run
  try {
    const payload = payloadFor(run.task, job)
    run.task.check(payload)
    const ended = await retryTransaction(() => attempt({ ...run, payload }))
    if (ended === undefined) return await settleStop(run)
    await announceEnd(engine, ended)
    return { kind: 'ended', job: ended }
  } catch (error) {
    if (run.heartbeat.lost.aborted || isPowercrudError(error, 'lease_lost')) return { kind: 'lost' }
    if (run.signal.aborted && !isConnectionError(error)) return settleStop(run)
    if (!isConnectionError(error)) return settleFailure(run, failedWith(error), error)
    engine.log.warn({ jobId: job.id, err: error }, 'database connection lost in the middle of a task; reconnecting')
    const reconnection = await waitForReconnect(run)
    if (reconnection.kind === 'over') return reconnection.end
    const hasRestarted = reconnection.serverStartedAt > new Date(job.touched_at)
    if (lossesOf(job) >= maxConnectionLosses && !hasRestarted) return settleFailure(run, failedWith(error), error)
    return requeueTask(run, { failed: false, restMs: reconnectDelayMs })
  }
}

/** One attempt, from the last checkpoint. Resolves to the ended job; undefined when it was asked to stop, or is fenced. */
async function attempt (run: TaskRun): Promise<JobRow | undefined> {
  const { engine, claim: { job, fence } } = run
  const transaction = taskTransaction(engine, run.claim)
  await transaction.open()
  try {
    const result = await resultUnlessStopped(run, handle(run, transaction))
    if (result === undefined) return undefined
    let ended: JobRow | undefined
    await transaction.commit(async (sql) => {
      ended = await endJob(engine, sql, { job, fence, transition: 'finishInOneTransaction', end: succeededWith(result.value) })
      return ended !== undefined
    })
    return ended
  } catch (error) {
    // A connection that answers the ROLLBACK was not lost: the handler itself may have failed to reach a server of its own.
    if (await transaction.rollBack().catch(() => false)) markConnectionAlive(error)
    throw error
  } finally {
    await transaction.rollBack()
  }
}

/** Waits for the handler, but not for one that goes on after it was asked to stop. */
async function resultUnlessStopped ({ signal, heartbeat, timeout }: TaskRun, handling: Promise<unknown>): Promise<{ value: unknown } | undefined> {
  // A handler that nothing waits for any more may fail.
  handling.catch(() => undefined)
  const aborted = Promise.withResolvers<void>()
  const onAbort = () => aborted.resolve()
  signal.addEventListener('abort', onAbort)
  if (signal.aborted) onAbort()
  try {
    const first = await Promise.race([handling.then((value) => ({ value })), aborted.promise])
    if (first !== undefined) return first
    // A worker that shuts down lets a task come to its end, if that is near; a claim that is lost is lost.
    if (!await settlesWithin(heartbeat.lost.aborted ? 0 : graceMs, handling)) return undefined
    const value = await handling
    return heartbeat.lost.aborted || heartbeat.interrupted.aborted || timeout.aborted ? undefined : { value }
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

async function handle (run: TaskRun, transaction: TaskTransaction): Promise<unknown> {
  const { engine, claim: { job, fence }, task, payload, ticker, heartbeat, signal } = run
  let saved: unknown = job.checkpoint ?? undefined
  let saving: Promise<unknown> = Promise.resolve()

  async function save (value: unknown): Promise<void> {
    checkClaim(run)
    if (signal.aborted) throw engineError('interrupted')
    const kept = await transaction.commit((sql) => saveCheckpoint(sql, engine.tables, { id: job.id, fence, value }))
    if (!kept) {
      await heartbeat.beat()
      throw engineError('interrupted')
    }
    // Also what the next attempt in this process goes on from.
    job.checkpoint = saved = value ?? undefined
    await transaction.open()
  }

  return task.handler(payload, {
    jobId: job.id,
    em: transaction.em,
    signal,
    attempt: job.attempts,
    log: taskLog(engine.log, job),
    updateProgress (done, total, message) {
      ticker.update(boundedCount(done), boundedMessage(message), boundedCount(total))
      heartbeat.reportProgress()
    },
    checkpoint: {
      get value () { return saved },
      async save (value) {
        const kept = storableJson('the checkpoint', value)
        // One after the other, whether or not the handler waits: there is one transaction to commit.
        saving = saving.catch(() => undefined).then(() => save(kept))
        await saving
      }
    }
  })
}

/** How many attempts, this one included, ended neither by a failure nor by the death of a worker. */
function lossesOf ({ attempts, failures, deaths }: JobRow): number {
  return attempts - failures - deaths
}

/** Settles a job that was asked to stop: cancelled, released, failed by its timeout, or left to the worker that has it. */
async function settleStop (run: TaskRun): Promise<RunEnd> {
  const { heartbeat, timeout, claim: { job } } = run
  await heartbeat.beat()
  if (heartbeat.lost.aborted) return { kind: 'lost' }
  if (interruptionOf(run) === undefined && timeout.aborted) {
    return settleFailure(run, timedOut(job.timeout_ms!), problem('statement_timeout', 'the task took longer than its timeout'))
  }
  return settleInterruption(run, undefined)
}

async function settleFailure (run: TaskRun, end: JobEnd, error: unknown): Promise<RunEnd> {
  const { engine, claim: { job, fence } } = run
  const failures = job.failures + 1
  engine.log.error({ jobId: job.id, task: job.operation, failures, err: error }, 'a task failed')
  if (failures < job.attempts_max) {
    return requeueTask(run, { failed: true, restMs: backoffMs(failureBackoff, failures) })
  }
  const code = isTransient(error) ? { ...end, error: { ...end.error!, rowCode: 'serialization_failure' } } : end
  const ended = await endJobNow(engine, { job, fence, transition: 'finish', end: code })
  return ended === undefined ? { kind: 'lost' } : { kind: 'ended', job: ended }
}

async function requeueTask (run: TaskRun, { failed, restMs }: { failed: boolean, restMs: number }): Promise<RunEnd> {
  const { engine, claim: { job, fence } } = run
  const { database, tables } = engine
  const n = await rescheduleJob(database, tables, { id: job.id, fence, failed, restMs })
  if (n === undefined) {
    await run.heartbeat.beat()
    return settleInterruption(run, undefined)
  }
  await enqueueAgain(engine, { id: job.id, n }, restMs)
  return { kind: 'rescheduled' }
}
