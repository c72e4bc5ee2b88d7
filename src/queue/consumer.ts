import { DelayedError, WaitingError } from 'bullmq'
import { pause, settlesWithin, within } from '../deadline.ts'
import { problem } from '../errors.ts'
import type { ConsumerConnection, OpenWorker, QueueEntry, WorkerBehaviour } from './connection.ts'
import { deliveryIn } from './delivery.ts'
import type { ConsumerSettings, DeliveryOutcome, QueueConsumer } from './job-queue.ts'
import { quietly } from './ignore-failure.ts'

const readyMs = 10_000
const reopenPauseMs = 1_000
const cutMs = 2_000
const longestRetryMs = 60_000

/** BullMQ counts how often a delivery stalled in an int4, and fails it beyond a limit: attempts are counted in the job row. */
const neverTooOften = 2 ** 31 - 1

/**
 * The consumer's side: opens a worker, runs it, and opens another one when it ends unasked. A worker whose server is
 * down while it is built never recovers and takes all of a processor, so it is run only once it is ready.
 */
export function createConsumer (connect: (onError: (error: Error) => void) => ConsumerConnection, leaseMs: number, settings: ConsumerSettings): QueueConsumer {
  const ready = Promise.withResolvers<void>()
  // Not everybody waits for it.
  ready.promise.catch(() => undefined)
  const ending = new AbortController()
  const behaviour: WorkerBehaviour = {
    autorun: false,
    concurrency: settings.concurrency,
    lockDuration: leaseMs,
    stalledInterval: Math.ceil(leaseMs / 3),
    maxStalledCount: neverTooOften,
    runRetryDelay: reopenPauseMs
  }
  let current: { connection: ConsumerConnection, worker?: OpenWorker } | undefined
  let closing: Promise<void> | undefined
  let closed = false

  const tell = quietly(settings.onError)
  const report = (error: Error) => { if (!closed) tell(error) }
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
      await connection.close(cutMs)
      await pause(reopenPauseMs, ending.signal)
    }
  }

  /** Runs until the worker is closed; rejects when it could not be opened, or ended by itself. */
  async function run (opened: NonNullable<typeof current>): Promise<void> {
    const worker = opened.worker = await within(readyMs, 'opening the worker', () => opened.connection.openWorker(process, behaviour))
    if (ending.signal.aborted) return
    ready.resolve()
    await worker.run()
  }

  async function process (entry: QueueEntry, token?: string): Promise<void> {
    const outcome = await outcomeOf(entry)
    if (outcome.done) return
    if ('handBack' in outcome) {
      await entry.moveToWait(token).catch(report)
      throw new WaitingError()
    }
    await entry.moveToDelayed(Date.now() + outcome.retryInMs, token).catch(report)
    // Also when it could not be moved: it then stays active without a lock, and is handed out again as stalled.
    throw new DelayedError()
  }

  async function outcomeOf (entry: QueueEntry): Promise<DeliveryOutcome> {
    // One may have been on its way when the closing began.
    if (ending.signal.aborted) return { done: false, handBack: true }
    const delivery = deliveryIn(entry.data)
    if (!delivery) return { done: true }
    try {
      return await settings.handle(delivery)
    } catch (error) {
      report(error as Error)
      return { done: false, retryInMs: Math.min(1_000 * 2 ** (entry.attemptsStarted - 1), longestRetryMs) }
    }
  }

  async function shutDown (timeoutMs: number): Promise<void> {
    ending.abort()
    ready.reject(problem('unavailable', 'the consumer is closed'))
    const inGoodOrder = Promise.all([current?.worker?.close(), running])
    const isInGoodOrder = await settlesWithin(timeoutMs, inGoodOrder)
    closed = true
    // What still runs then has nobody to tell its outcome to: it is handed out again as stalled.
    await current?.connection.close(isInGoodOrder ? cutMs : 0)
  }

  return {
    ready: () => ready.promise,
    async close (timeoutMs) {
      closing ??= shutDown(timeoutMs)
      await closing
    }
  }
}
