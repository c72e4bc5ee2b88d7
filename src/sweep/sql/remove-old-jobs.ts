import type { Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'
import { oldJobs } from './old-jobs.ts'
import { removeDoomed } from './remove-doomed.ts'

/**
 * Removes jobs that finished long ago, once nothing hangs on them but their idempotency keys, which go along.
 * Output: how many jobs went.
 */
export async function removeOldJobs (sql: Sql, tables: Tables, { before }: { before: Date }): Promise<number> {
  return removeDoomed(sql, {
    table: tables.job,
    key: ['id'],
    doomed: `
      SELECT job.id
      FROM ${oldJobs(tables)} AS old JOIN ${tables.job} AS job ON job.id = old.id
      WHERE NOT EXISTS (SELECT FROM ${tables.chunk} AS chunk WHERE chunk.selection_id = old.selection_id)
        AND NOT EXISTS (SELECT FROM ${tables.jobChunk} AS work WHERE work.job_id = old.id)
      FOR UPDATE OF job SKIP LOCKED`
  }, [before])
}
