import type { Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'
import { oldJobs } from './old-jobs.ts'

/**
 * Removes jobs that finished long ago, once nothing hangs on them but their idempotency keys, which go along.
 * Output: how many jobs went.
 */
export async function removeOldJobs (sql: Sql, tables: Tables, { before }: { before: Date }): Promise<number> {
  const [row] = await sql.query<{ count: number }>(`
    WITH doomed AS (
      SELECT job.id
      FROM ${oldJobs(tables)} AS old JOIN ${tables.job} AS job ON job.id = old.id
      WHERE NOT EXISTS (SELECT FROM ${tables.chunk} AS chunk WHERE chunk.selection_id = old.selection_id)
        AND NOT EXISTS (SELECT FROM ${tables.jobChunk} AS work WHERE work.job_id = old.id)
      FOR UPDATE OF job SKIP LOCKED
    ), removed AS (
      DELETE FROM ${tables.job} AS job USING doomed WHERE job.id = doomed.id RETURNING 1
    )
    SELECT count(*)::int AS count FROM removed`, [before])
  return row!.count
}
