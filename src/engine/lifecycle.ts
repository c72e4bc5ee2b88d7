import type { Job } from '../../schemas/job.ts'
import type { JobRow } from './job-row.ts'
import type { LifecycleEvent, LifecyclePayload } from './lifecycle-events.ts'
import type { LiveProgress } from '../live/live-store.ts'

/** Who hears the events of a job. */
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

/** Events of jobs: recorded with what they tell of, delivered at least once, in the order of each job. */
export interface Lifecycle {
  /** Whether anybody hears the events of such a job: else none are recorded. */
  hasSubscribers (job: Pick<JobRow, 'resource'>): boolean
  /** Records, now and then, how far a job is. Never fails. */
  progress (job: JobRow, progress: LiveProgress): void
  /** Delivers what is due, some time soon. */
  wake (): void
  /** Delivers what is due; resolves when nothing is any more. */
  deliver (): Promise<void>
  close (): Promise<void>
}
