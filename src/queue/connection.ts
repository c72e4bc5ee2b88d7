import type { Job, JobsOptions } from 'bullmq'
import type { Delivery } from './job-queue.ts'

// What producer and consumer require of PostgreSQL or Redis. Each opens its own connections, and closes no others.

export interface ProducerConnection {
  readonly kind: 'postgres' | 'redis'
  /** Builds the queue object once the server responds; rejects, bounded in time, while it does not. */
  openQueue (): Promise<OpenQueue>
  /** Rejects, bounded in time, unless the server responds now. */
  ping (): Promise<void>
  /** Closes the connections; destroys them when that takes longer than `timeoutMs`. */
  close (timeoutMs: number): Promise<void>
}

export interface ConsumerConnection {
  /** Builds the worker object once the server responds; rejects, bounded in time, while it does not. The worker does not run yet. */
  openWorker (process: DeliveryProcess, behaviour: WorkerBehaviour): Promise<OpenWorker>
  /** Closes the connections; destroys them when that takes longer than `timeoutMs`. */
  close (timeoutMs: number): Promise<void>
}

/** The part of BullMQ's `Queue` that is used. */
export interface OpenQueue {
  add (name: string, delivery: Delivery, options: JobsOptions): Promise<unknown>
  getJobState (id: string): Promise<string>
}

/** The part of BullMQ's `Worker` that is used. */
export interface OpenWorker {
  /** Resolves when it is closed. */
  run (): Promise<void>
  close (force?: boolean): Promise<void>
}

export type DeliveryProcess = (entry: QueueEntry, token?: string) => Promise<void>

/** The part of BullMQ's `Job` that is used. */
export type QueueEntry = Pick<Job<unknown>, 'data' | 'attemptsStarted' | 'moveToWait' | 'moveToDelayed'>

/** The options of BullMQ's worker that are the same for both servers. */
export interface WorkerBehaviour {
  readonly autorun: false
  readonly concurrency: number
  readonly lockDuration: number
  readonly stalledInterval: number
  readonly maxStalledCount: number
  readonly runRetryDelay: number
}
