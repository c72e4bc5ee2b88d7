import type { Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'
import { oldJobs } from './old-jobs.ts'
import { removeDoomed } from './remove-doomed.ts'

/** Removes the results and before-images of jobs that finished long ago, some rows at a time. Output: how many went. */
export async function removeOldJobChunks (sql: Sql, tables: Tables, { before, limit }: { before: Date, limit: number }): Promise<number> {
  return removeDoomed(sql, {
    table: tables.jobChunk,
    key: ['job_id', 'no'],
    doomed: `
      SELECT work.job_id, work.no
      FROM ${oldJobs(tables)} AS old JOIN ${tables.jobChunk} AS work ON work.job_id = old.id
      LIMIT $2
      FOR UPDATE OF work SKIP LOCKED`
  }, [before, limit])
}
