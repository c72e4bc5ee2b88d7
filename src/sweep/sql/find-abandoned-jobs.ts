import type { JobStatus } from '../../../schemas/job.ts'
import type { Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'
import { canDo } from '../../worker/sql/can-do.ts'

export interface AbandonedJob {
  id: string
  selection_id: string
  fence: number
  status: JobStatus
  /** Why workers that lived left it to others. */
  hindrance: string | null
}

/**
 * Jobs that nobody will come for: no worker has touched them, and none that could do them was alive, for `ttlMs`. A job
 * that somebody has paused waits for a person and is none of them.
 *
 * Input: the time, and how many at most. Output: the jobs as they were read; a claim meanwhile moves the fence.
 */
export async function findAbandonedJobs (
  sql: Sql, tables: Tables, { now, ttlMs, limit }: { now: Date, ttlMs: number, limit: number }
): Promise<AbandonedJob[]> {
  return sql.query<AbandonedJob>(`
    SELECT id, selection_id, fence, status, hindrance FROM ${tables.job} AS job
    WHERE status IN ('queued', 'waiting') AND touched_at < $1::timestamptz - $2 * interval '1 ms'
      AND (run_after IS NULL OR run_after < $1::timestamptz - $2 * interval '1 ms')
      AND NOT EXISTS (SELECT FROM ${tables.worker} AS worker
        WHERE seen_at >= $1::timestamptz - $2 * interval '1 ms' AND ${canDo({ worker: 'worker', job: 'job' })})
    ORDER BY touched_at
    LIMIT $3`, [now, ttlMs, limit])
}
