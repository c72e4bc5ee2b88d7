import type { Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'
import { oldJobs } from './old-jobs.ts'

/**
 * Removes frozen keys of jobs that finished long ago: some rows at a time, however large their selections were. What
 * is living stays whatever else is true. Output: how many chunks went.
 */
export async function removeOldChunks (sql: Sql, tables: Tables, { before, limit }: { before: Date, limit: number }): Promise<number> {
  const [row] = await sql.query<{ count: number }>(`
    WITH doomed AS (
      SELECT chunk.selection_id, chunk.no
      FROM ${oldJobs(tables)} AS old JOIN ${tables.chunk} AS chunk ON chunk.selection_id = old.selection_id
      WHERE NOT chunk.living
      LIMIT $2
      FOR UPDATE OF chunk SKIP LOCKED
    ), removed AS (
      DELETE FROM ${tables.chunk} AS chunk USING doomed
      WHERE chunk.selection_id = doomed.selection_id AND chunk.no = doomed.no
      RETURNING 1
    )
    SELECT count(*)::int AS count FROM removed`, [before, limit])
  return row!.count
}
