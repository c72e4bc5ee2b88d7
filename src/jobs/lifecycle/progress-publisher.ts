import type { Engine } from '../../engine/engine.ts'
import type { JobRow } from '../../engine/job-row.ts'
import type { LiveStore } from '../../live/live-store.ts'

/** Publishes the progress of one job to the live store and to its lifecycle. */
export function progressPublisher ({ live, lifecycle }: Pick<Engine, 'live' | 'lifecycle'>, job: JobRow): Pick<LiveStore, 'publish'> {
  return {
    async publish (jobId, progress) {
      lifecycle.progress(job, progress)
      await live.publish(jobId, progress)
    }
  }
}
