import type { Sql } from '../../database/sql.ts'
import { keyKinds, type Tables } from '../../database/tables.ts'

/**
 * What a task was launched with the locks of, by table, without what it has locked later. What it gave back before it ended
 * is not among it any more.
 *
 * Input: the selection, and how many chunks it had at the launch. Output: stored keys.
 */
export async function readLaunchLocks (
  sql: Sql, tables: Tables, { selectionId, lockChunks }: { selectionId: string, lockChunks: number }
): Promise<{ root: string, keys: string[] }[]> {
  if (lockChunks === 0) return []
  return sql.query<{ root: string, keys: string[] }>(`
    SELECT root, array_agg(key) AS keys
    FROM (${keyKinds.map((kind) => `
      SELECT root, unnest(keys)::text AS key FROM ${tables.chunkOf[kind]} WHERE selection_id = $1 AND no < $2`).join(' UNION ALL ')}) AS locked
    GROUP BY root
    ORDER BY root`, [selectionId, lockChunks])
}
