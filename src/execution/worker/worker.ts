import { hostname } from 'node:os'
import type { Delivery, DeliveryOutcome, QueueBackend } from '../../queue/job-queue.ts'
import type { Capabilities } from '../../engine/capabilities.ts'
import { keepRegistered, type WorkerRegistry } from './registration.ts'

export interface WorkerSettings {
  /** Names the worker, in leases too. */
  readonly id: string
  readonly backend: QueueBackend
  /** Jobs done at once. */
  readonly concurrency: number
  /** The resources and tasks that `handle` can work on. */
  readonly capabilities: Capabilities
  readonly registry: WorkerRegistry
  /** The signal aborts when the work should stop soon: after the running chunk, or its rollback. */
  readonly handle: (delivery: Delivery, context: { signal: AbortSignal }) => Promise<DeliveryOutcome>
  readonly onError: (error: Error) => void
}

export interface RunningWorker {
  readonly id: string
  /** Resolves when deliveries are taken; later, where the queue is not there yet. */
  ready (): Promise<void>
  /** Takes no further deliveries, asks the running ones to end, and waits for them `timeoutMs` at most. */
  stop (timeoutMs: number): Promise<void>
}

/** Starts a worker: it takes deliveries, and registers itself in the table of workers. */
export async function startWorker ({ id, backend, concurrency, capabilities, registry, handle, onError }: WorkerSettings): Promise<RunningWorker> {
  const stopping = new AbortController()
  const consumer = await backend.createConsumer({
    concurrency,
    onError,
    handle: (delivery) => handle(delivery, { signal: stopping.signal })
  })
  const registration = keepRegistered(registry, { id, host: hostname(), pid: process.pid, concurrency, capabilities }, onError)
  let stopped: Promise<void> | undefined

  async function shutDown (timeoutMs: number): Promise<void> {
    // The consumer closes first, else a released delivery would arrive here again at once.
    const closed = consumer.close(timeoutMs)
    stopping.abort()
    await closed
    await registration.end()
  }

  return {
    id,
    ready: () => consumer.ready(),
    async stop (timeoutMs) {
      stopped ??= shutDown(timeoutMs)
      await stopped
    }
  }
}
