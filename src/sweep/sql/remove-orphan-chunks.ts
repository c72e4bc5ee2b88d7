import type { Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'
import { removeDoomed } from './remove-doomed.ts'

/**
 * Removes chunks of selections that no job has, some at a time. A selection without a job is a preview, or what is left
 * of one: `beforeId`, the smallest id of the oldest selection that may still be used, keeps those that are fresh (ids are
 * UUIDs of version 7, which sort by time). Output: how many chunks went.
 */
export async function removeOrphanChunks (sql: Sql, tables: Tables, { beforeId, limit }: { beforeId: string, limit: number }): Promise<number> {
  return removeDoomed(sql, {
    table: tables.chunk,
    key: ['selection_id', 'no'],
    doomed: `
      SELECT chunk.selection_id, chunk.no FROM ${tables.chunk} AS chunk
      WHERE chunk.selection_id < $1 AND NOT EXISTS (SELECT FROM ${tables.job} AS job WHERE job.selection_id = chunk.selection_id)
      LIMIT $2
      FOR UPDATE OF chunk SKIP LOCKED`
  }, [beforeId, limit])
}
