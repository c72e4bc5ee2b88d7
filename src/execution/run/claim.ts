import type { Engine } from '../../engine/engine.ts'
import type { JobRow } from '../../engine/job-row.ts'
import { claimJob, terminateBackend } from '../../jobs/store/claims.ts'

/** A worker's right to work on a job, for a short time. */
export interface Claim {
  readonly job: JobRow
  readonly fence: number
}

/**
 * Claims a job; undefined when there is nothing to claim. The backend of the claim before it is terminated first: its
 * worker may be frozen, and its row locks would block the new one.
 */
export async function claim (engine: Pick<Engine, 'database' | 'tables' | 'leaseMs' | 'workerId'>, { jobId, n }: { jobId: string, n: number }): Promise<Claim | undefined> {
  const { database, tables, leaseMs, workerId } = engine
  const job = await claimJob(database, tables, { id: jobId, n, worker: workerId, leaseMs })
  if (job === undefined) return undefined
  if (job.backend_pid !== null && job.backend_start !== null) {
    await terminateBackend(database, { jobId, pid: job.backend_pid, start: job.backend_start })
  }
  return { job, fence: job.fence }
}
