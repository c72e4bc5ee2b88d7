/**
 * A delivery is a hint that a job wants a worker, never the truth about it. Its id is `<jobId>.<n>`.
 */
export interface Delivery {
  jobId: string
  /** Number of the delivery; a stale one is dropped by the claim. */
  n: number
}

/** Where a delivery stands in the queue. BullMQ's `failed` and `active` say nothing about the job. */
export type DeliveryState = 'unknown' | 'waiting' | 'delayed' | 'active' | 'failed'

/** The producer's side of the queue; no BullMQ type appears here. */
export interface JobQueue {
  readonly kind: 'postgres' | 'redis'
  /** Rejects, within `timeoutMs`, when the queue cannot be reached. */
  ping (timeoutMs: number): Promise<void>
  /** Adds a delivery; one that is known already stays as it is. Fails fast and rejects when the queue is down. */
  add (delivery: Delivery, options?: { delayMs?: number }): Promise<void>
  stateOf (delivery: Delivery): Promise<DeliveryState>
  close (): Promise<void>
}

/** What a worker says about a delivery that it was handed. */
export type DeliveryOutcome =
  /** The job is done, or the delivery is stale: drop it. */
  | { done: true }
  /** Another worker holds a live lease, or this worker does not know the task: hand it out again later. */
  | { done: false, retryInMs: number }
  /** The worker is shutting down and has put the job back: hand the same delivery to another worker at once. */
  | { done: false, handBack: true }

export interface QueueConsumer {
  /** Resolves when the consumer takes deliveries. */
  ready (): Promise<void>
  /** Takes no more deliveries, waits for the running ones at most `timeoutMs`, then closes its connections. */
  close (timeoutMs: number): Promise<void>
}

export interface ConsumerSettings {
  /** Deliveries handled at once. */
  concurrency: number
  handle: (delivery: Delivery) => Promise<DeliveryOutcome>
  onError: (error: Error) => void
}

/** The only maker of queue objects. */
export interface QueueBackend {
  readonly kind: 'postgres' | 'redis'
  createQueue (): Promise<JobQueue>
  createConsumer (settings: ConsumerSettings): Promise<QueueConsumer>
}
