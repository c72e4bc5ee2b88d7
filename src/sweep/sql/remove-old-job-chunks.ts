import type { Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'
import { oldJobs } from './old-jobs.ts'

/** Removes the results and before-images of jobs that finished long ago, some rows at a time. Output: how many went. */
export async function removeOldJobChunks (sql: Sql, tables: Tables, { before, limit }: { before: Date, limit: number }): Promise<number> {
  const [row] = await sql.query<{ count: number }>(`
    WITH doomed AS (
      SELECT work.job_id, work.no
      FROM ${oldJobs(tables)} AS old JOIN ${tables.jobChunk} AS work ON work.job_id = old.id
      LIMIT $2
      FOR UPDATE OF work SKIP LOCKED
    ), removed AS (
      DELETE FROM ${tables.jobChunk} AS work USING doomed
      WHERE work.job_id = doomed.job_id AND work.no = doomed.no
      RETURNING 1
    )
    SELECT count(*)::int AS count FROM removed`, [before, limit])
  return row!.count
}
