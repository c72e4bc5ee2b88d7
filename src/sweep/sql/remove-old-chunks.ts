import type { Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'
import { oldJobs } from './old-jobs.ts'
import { removeDoomed } from './remove-doomed.ts'

/**
 * Removes frozen keys of jobs that finished long ago: some rows at a time, however large their selections were. What
 * is living stays whatever else is true. Output: how many chunks went.
 */
export async function removeOldChunks (sql: Sql, tables: Tables, { before, limit }: { before: Date, limit: number }): Promise<number> {
  return removeDoomed(sql, {
    table: tables.chunk,
    key: ['selection_id', 'no'],
    doomed: `
      SELECT chunk.selection_id, chunk.no
      FROM ${oldJobs(tables)} AS old JOIN ${tables.chunk} AS chunk ON chunk.selection_id = old.selection_id
      WHERE NOT chunk.living
      LIMIT $2
      FOR UPDATE OF chunk SKIP LOCKED`
  }, [before, limit])
}
