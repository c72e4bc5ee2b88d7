/**
 * A delivery is a hint that a job needs a worker. The job row is the truth. Its id is `<jobId>.<n>`.
 */
export interface Delivery {
  jobId: string
  /** Number of the delivery; the claim drops a stale one. */
  n: number
}

/** The state of a delivery in the queue. BullMQ's `failed` and `active` say nothing about the job. */
export type DeliveryState = 'unknown' | 'waiting' | 'delayed' | 'active' | 'failed'

/** The producer's side of the queue; no BullMQ type appears here. */
export interface JobQueue {
  readonly kind: 'postgres' | 'redis'
  /** Rejects, within `timeoutMs`, when the queue cannot be reached. */
  ping (timeoutMs: number): Promise<void>
  /** Adds a delivery; one that the queue has already is left as it is. Rejects fast when the queue is down. */
  add (delivery: Delivery, options?: { delayMs?: number }): Promise<void>
  stateOf (delivery: Delivery): Promise<DeliveryState>
  close (): Promise<void>
}

/** What a worker did with a delivery. */
export type DeliveryOutcome =
  /** The job is done, or the delivery is stale: drop it. */
  | { done: true }
  /** Another worker holds a live lease, or this worker lacks the capabilities: deliver it again later. `now`: the database's clock, where it is known. */
  | { done: false, retryInMs: number, now?: Date }
  /**
   * This worker cannot do the job now: deliver it to another worker at once. `hold` is called when it has been released: until it
   * resolves this worker takes no other delivery in its place, so that it does not receive the same one again.
   */
  | { done: false, release: true, hold?: (closing: AbortSignal) => Promise<void> }

export interface QueueConsumer {
  /** Resolves when the consumer accepts deliveries. */
  ready (): Promise<void>
  /** Stops accepting deliveries, waits at most `timeoutMs` for the running ones, then closes its connections. */
  close (timeoutMs: number): Promise<void>
}

export interface ConsumerSettings {
  /** The maximum number of deliveries handled at the same time. */
  concurrency: number
  handle: (delivery: Delivery) => Promise<DeliveryOutcome>
  onError: (error: Error) => void
}

/** Creates both sides of the queue. */
export interface QueueBackend {
  readonly kind: 'postgres' | 'redis'
  createQueue (): Promise<JobQueue>
  createConsumer (settings: ConsumerSettings): Promise<QueueConsumer>
}
