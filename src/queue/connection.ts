import type { Job, JobsOptions } from 'bullmq'
import type { Delivery } from './job-queue.ts'

// What producer and consumer need of PostgreSQL or Redis. Each opens its own connections, and closes no others.

export interface ProducerConnection {
  readonly kind: 'postgres' | 'redis'
  /** Builds the queue object once the server answers; rejects, bounded in time, while it does not. */
  openQueue (): Promise<OpenQueue>
  /** Rejects, bounded in time, unless the server answers now. */
  ping (): Promise<void>
  /** Closes the connections; cuts them where that takes longer than `timeoutMs`. */
  close (timeoutMs: number): Promise<void>
}

export interface ConsumerConnection {
  /** Builds the worker object once the server answers; rejects, bounded in time, while it does not. It does not run yet. */
  openWorker (process: DeliveryProcess, behaviour: WorkerBehaviour): Promise<OpenWorker>
  /** Closes the connections; cuts them where that takes longer than `timeoutMs`. */
  close (timeoutMs: number): Promise<void>
}

/** What we use of BullMQ's `Queue`. */
export interface OpenQueue {
  add (name: string, delivery: Delivery, options: JobsOptions): Promise<unknown>
  getJobState (id: string): Promise<string>
}

/** What we use of BullMQ's `Worker`. */
export interface OpenWorker {
  /** Resolves when it was closed. */
  run (): Promise<void>
  close (force?: boolean): Promise<void>
}

export type DeliveryProcess = (entry: QueueEntry, token?: string) => Promise<void>

/** What we use of BullMQ's `Job`. */
export type QueueEntry = Pick<Job<unknown>, 'data' | 'attemptsStarted' | 'moveToWait' | 'moveToDelayed'>

/** The options of BullMQ's worker that do not depend on where the queue is. */
export interface WorkerBehaviour {
  readonly autorun: false
  readonly concurrency: number
  readonly lockDuration: number
  readonly stalledInterval: number
  readonly maxStalledCount: number
  readonly runRetryDelay: number
}
