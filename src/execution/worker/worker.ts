import { hostname } from 'node:os'
import type { Delivery, DeliveryOutcome, QueueBackend } from '../../queue/job-queue.ts'
import type { Abilities } from '../../engine/capabilities.ts'
import { keepRegistered, type WorkerRegistry } from './registration.ts'

export interface WorkerSettings {
  /** Names the worker, in leases too. */
  readonly id: string
  readonly backend: QueueBackend
  /** Jobs done at once. */
  readonly concurrency: number
  /** What `handle` can work for. */
  readonly abilities: Abilities
  readonly registry: WorkerRegistry
  /** The signal aborts when the work should stop soon: after the running chunk, or its rollback. */
  readonly handle: (delivery: Delivery, context: { signal: AbortSignal }) => Promise<DeliveryOutcome>
  readonly onError: (error: Error) => void
}

export interface RunningWorker {
  readonly id: string
  /** Resolves when deliveries are taken; later, where the queue is not there yet. */
  ready (): Promise<void>
  /** Takes no more deliveries, asks the running ones to end, and waits for them `timeoutMs` at most. */
  stop (timeoutMs: number): Promise<void>
}

/** Starts a worker: it takes deliveries, and registers itself in the table of workers. */
export async function startWorker ({ id, backend, concurrency, abilities, registry, handle, onError }: WorkerSettings): Promise<RunningWorker> {
  const stopping = new AbortController()
  const consumer = await backend.createConsumer({
    concurrency,
    onError,
    handle: (delivery) => handle(delivery, { signal: stopping.signal })
  })
  const registration = keepRegistered(registry, { id, host: hostname(), pid: process.pid, concurrency, abilities }, onError)
  let stopped: Promise<void> | undefined

  async function shutDown (timeoutMs: number): Promise<void> {
    // First no more deliveries, else a released one would be delivered here again at once.
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
