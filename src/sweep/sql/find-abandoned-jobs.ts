import type { JobStatus } from '../../../schemas/job.ts'
import type { Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'

export interface AbandonedJob {
  id: string
  selection_id: string
  fence: number
  status: JobStatus
}

/**
 * Jobs that nobody will come for: no worker has touched them, and none was alive, for `ttlMs`. A job that somebody has
 * paused waits for a person and is none of them.
 *
 * Input: the time, and how many at most. Output: the jobs as they were read; a claim meanwhile moves the fence.
 */
export async function findAbandonedJobs (
  sql: Sql, tables: Tables, { now, ttlMs, limit }: { now: Date, ttlMs: number, limit: number }
): Promise<AbandonedJob[]> {
  return sql.query<AbandonedJob>(`
    SELECT id, selection_id, fence, status FROM ${tables.job}
    WHERE status IN ('queued', 'waiting') AND touched_at < $1::timestamptz - $2 * interval '1 ms'
      AND (run_after IS NULL OR run_after < $1::timestamptz - $2 * interval '1 ms')
      AND NOT EXISTS (SELECT FROM ${tables.worker} WHERE seen_at >= $1::timestamptz - $2 * interval '1 ms')
    ORDER BY touched_at
    LIMIT $3`, [now, ttlMs, limit])
}
