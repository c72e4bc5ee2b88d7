import { within } from '../deadline.ts'
import { isPowercrudError, problem } from '../errors.ts'
import type { OpenQueue, ProducerConnection } from './connection.ts'
import { deliveryId } from './delivery.ts'
import type { DeliveryState, JobQueue } from './job-queue.ts'

/** Longer than the sum of the connection's own limits, so that an abandoned command has no effect later. */
const commandMs = 6_000
const closeMs = 2_000

/** Maps BullMQ's states. A finished entry that was kept still occupies its id: it can never be added again. */
const states: Record<string, DeliveryState> = {
  waiting: 'waiting',
  prioritized: 'waiting',
  'waiting-children': 'waiting',
  delayed: 'delayed',
  active: 'active',
  failed: 'failed',
  completed: 'failed'
}

/** The producer's side. The queue object is built at first use: it never recovers when its server is down at that moment. */
export function createProducer (connection: ProducerConnection): JobQueue {
  let opening: Promise<OpenQueue> | undefined
  let closing: Promise<void> | undefined

  function openQueue (): Promise<OpenQueue> {
    opening ??= connection.openQueue().catch((error: unknown) => {
      opening = undefined
      throw error
    })
    return opening
  }

  /** Bounds a command, and maps every failure to `unavailable`. */
  async function command<Result> (ms: number, what: string, run: (queue: OpenQueue) => Promise<Result>): Promise<Result> {
    // A command on a closed queue never settles.
    if (closing) throw problem('unavailable', 'the queue is closed')
    try {
      return await within(ms, what, async (signal) => {
        const queue = await openQueue()
        signal.throwIfAborted()
        return await run(queue)
      })
    } catch (error) {
      if (isPowercrudError(error)) throw error
      throw problem('unavailable', undefined, { cause: error })
    }
  }

  return {
    kind: connection.kind,
    async ping (timeoutMs) {
      await command(timeoutMs, 'pinging the queue', () => connection.ping())
    },
    async add (delivery, { delayMs } = {}) {
      await command(commandMs, 'adding to the queue', (queue) => queue.add('job', { jobId: delivery.jobId, n: delivery.n }, {
        jobId: deliveryId(delivery),
        ...(delayMs !== undefined && { delay: delayMs }),
        removeOnComplete: true,
        removeOnFail: true
      }))
    },
    async stateOf (delivery) {
      const state = await command(commandMs, 'reading the state of a delivery', (queue) => queue.getJobState(deliveryId(delivery)))
      return states[state] ?? 'unknown'
    },
    async close () {
      closing ??= connection.close(closeMs)
      await closing
    }
  }
}
