import type { Job } from '../../schemas/job.ts'

export const lifecycleEvents = ['create', 'progress', 'complete', 'fail', 'cancel', 'cleanup'] as const
export type LifecycleEvent = typeof lifecycleEvents[number]

/** What an event carries beside the job. */
export interface LifecyclePayload {
  /** The same however often the event is delivered. */
  readonly eventId: string
  /** When it happened, RFC 3339. */
  readonly at: string
  /** Which delivery of the event this is, from 1. */
  readonly delivery: number
  /** What a task was launched with. */
  readonly payload: unknown
  readonly group: string | null
  /** What the job is about: as a task was launched with, or the records of a bulk job, such as `12 cities`. */
  readonly affected: readonly string[] | null
  /** The change set of an update. */
  readonly set: Readonly<Record<string, unknown>> | null
}

/** An event as the outbox keeps it. */
export interface StoredEvent {
  readonly job: Job
  readonly payload: Omit<LifecyclePayload, 'eventId' | 'at' | 'delivery'>
}

/** Lifecycle callbacks, for applications without a manager of their own. */
export interface LifecycleHooks {
  readonly onCreate?: LifecycleListener
  readonly onProgress?: LifecycleListener
  readonly onComplete?: LifecycleListener
  readonly onFail?: LifecycleListener
  readonly onCancel?: LifecycleListener
  readonly onCleanup?: LifecycleListener
}

/** Called with the job as it was at the time of the event. */
export type LifecycleListener = (job: Job, payload: LifecyclePayload) => unknown
