import type { Job } from '../../schemas/job.ts'
import type { JobRow } from './job-row.ts'
import type { LifecycleEvent, LifecyclePayload } from './lifecycle-events.ts'
import type { LiveProgress } from '../live/live-store.ts'

/** Receives the events of jobs. */
export interface LifecycleHandler {
  readonly wantsEvents: boolean
  dispatch (event: LifecycleEvent, job: Job, payload: LifecyclePayload): Promise<void>
}

export interface LifecycleHandlers {
  readonly main: LifecycleHandler
  /** Of resources that have one of their own. */
  readonly others: ReadonlyMap<string, LifecycleHandler>
  /** The handler of a resource's jobs; of tasks for null. */
  of (resource: string | null): LifecycleHandler
}

/** Events of jobs: recorded in the same commit as the change, delivered at least once, in order for each job. */
export interface Lifecycle {
  /** Whether events of such a job have a receiver; without one none are recorded. */
  hasSubscribers (job: Pick<JobRow, 'resource'>): boolean
  /** Records the progress of a job at intervals. Never fails. */
  progress (job: JobRow, progress: LiveProgress): void
  /** Schedules a delivery of due events. */
  wake (): void
  /** Delivers due events; resolves when none is left. */
  deliver (): Promise<void>
  close (): Promise<void>
}
