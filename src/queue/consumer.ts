import { DelayedError, WaitingError } from 'bullmq'
import { backoffMs } from '../backoff.ts'
import { pause, settlesWithin, within } from '../deadline.ts'
import { problem } from '../errors.ts'
import type { ConsumerConnection, OpenWorker, QueueEntry, WorkerBehaviour } from './connection.ts'
import { deliveryIn } from './delivery.ts'
import type { ConsumerSettings, DeliveryOutcome, QueueConsumer } from './job-queue.ts'
import { reportOncePerMinute } from './error-rate-limit.ts'

const readyMs = 10_000
const reopenPauseMs = 1_000
const destroyMs = 2_000
const retryBackoff = { firstMs: 1_000, maxMs: 60_000 }

/** BullMQ counts in an int4 how often a delivery stalled, and fails it beyond a limit: attempts are counted in the job row. */
const unlimited = 2 ** 31 - 1

/**
 * The consumer's side: opens a worker, runs it, and opens another one when it ends by itself. A worker whose server is
 * down when it is built never recovers and uses all of a CPU, so it is run only once it is ready.
 */
export function createConsumer (connect: (onError: (error: Error) => void) => ConsumerConnection, leaseMs: number, settings: ConsumerSettings): QueueConsumer {
  const ready = Promise.withResolvers<void>()
  // It may reject while nothing waits for it.
  ready.promise.catch(() => undefined)
  const ending = new AbortController()
  const behaviour: WorkerBehaviour = {
    autorun: false,
    concurrency: settings.concurrency,
    lockDuration: leaseMs,
    stalledInterval: Math.ceil(leaseMs / 3),
    maxStalledCount: unlimited,
    runRetryDelay: reopenPauseMs
  }
  let current: { connection: ConsumerConnection, worker?: OpenWorker } | undefined
  let closing: Promise<void> | undefined
  let closed = false

  const limited = reportOncePerMinute(settings.onError)
  const report = (error: Error) => { if (!closed) limited(error) }
  const running = keepRunning()

  async function keepRunning (): Promise<void> {
    while (!ending.signal.aborted) {
      current = { connection: connect(report) }
      try {
        await run(current)
      } catch (error) {
        report(error as Error)
      }
      if (ending.signal.aborted) return
      const { connection, worker } = current
      worker?.close(true).catch(report)
      await connection.close(destroyMs)
      await pause(reopenPauseMs, ending.signal)
    }
  }

  /** Runs until the worker is closed; rejects when it cannot be opened, or ends by itself. */
  async function run (opened: NonNullable<typeof current>): Promise<void> {
    const worker = opened.worker = await within(readyMs, 'opening the worker', () => opened.connection.openWorker(process, behaviour))
    if (ending.signal.aborted) return
    ready.resolve()
    await worker.run()
  }

  async function process (entry: QueueEntry, token?: string): Promise<void> {
    const outcome = await outcomeOf(entry)
    if (outcome.done) return
    if ('release' in outcome) {
      await entry.moveToWait(token).catch(report)
      await outcome.hold?.(ending.signal).catch(report)
      throw new WaitingError()
    }
    await entry.moveToDelayed((outcome.now?.getTime() ?? Date.now()) + outcome.retryInMs, token).catch(report)
    // Also when it could not be moved: it then stays active without a lock, and is delivered again as stalled.
    throw new DelayedError()
  }

  async function outcomeOf (entry: QueueEntry): Promise<DeliveryOutcome> {
    // It may have been fetched before the consumer started closing.
    if (ending.signal.aborted) return { done: false, release: true }
    const delivery = deliveryIn(entry.data)
    if (!delivery) return { done: true }
    try {
      return await settings.handle(delivery)
    } catch (error) {
      report(error as Error)
      return { done: false, retryInMs: backoffMs(retryBackoff, entry.attemptsStarted) }
    }
  }

  async function shutDown (timeoutMs: number): Promise<void> {
    ending.abort()
    ready.reject(problem('unavailable', 'the consumer is closed'))
    const graceful = Promise.all([current?.worker?.close(), running])
    const isGraceful = await settlesWithin(timeoutMs, graceful)
    closed = true
    // Deliveries that still run then cannot report their outcome: they are delivered again as stalled.
    if (!isGraceful) stopLockRenewal(current?.worker)
    await current?.connection.close(isGraceful ? destroyMs : 0)
  }

  return {
    ready: () => ready.promise,
    async close (timeoutMs) {
      closing ??= shutDown(timeoutMs)
      await closing
    }
  }
}

/**
 * BullMQ stops renewing its locks only after its main loop has ended. On a connection that is destroyed that loop never ends,
 * and the timer of the renewal would keep the process alive. There is no public way to stop it.
 */
function stopLockRenewal (worker: OpenWorker | undefined): void {
  const { lockManager } = (worker ?? {}) as { lockManager?: { close (): Promise<void> } }
  lockManager?.close().catch(() => undefined)
}
