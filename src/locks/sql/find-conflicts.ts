import type { Sql } from '../../database/sql.ts'
import type { KeyKind, Tables } from '../../database/tables.ts'
import { overlaps } from './overlaps.ts'

export interface StoredConflict {
  key: string
  job_id: string
  operation: string
  since: Date
}

/**
 * The records of a selection that living jobs hold, or that a waiting job stands in line for.
 *
 * Must be a statement of its own after `lockRoots`: together with the lock in one statement, or under REPEATABLE READ,
 * it would look at a snapshot from before the lock was granted, and miss whoever committed meanwhile.
 *
 * Input: the selection, its root; how many conflicts to tell. Output: these, by key, and how many there are in all.
 */
export async function findConflicts (
  sql: Sql, tables: Tables,
  { kind, selectionId, root, limit }: { kind: KeyKind, selectionId: string, root: string, limit: number }
): Promise<{ conflicts: StoredConflict[], conflictCount: number }> {
  const rows = await sql.query<StoredConflict & { count: string }>(`
    WITH held AS (
      SELECT DISTINCT ON (key) key, selection_id
      FROM (${overlaps(tables, kind, 'true')}) AS pairs
      ORDER BY key, selection_id
    )
    SELECT held.key::text AS key, job.id AS job_id, job.operation, job.created_at AS since, count(*) OVER () AS count
    FROM held
    JOIN ${tables.job} job ON job.selection_id = held.selection_id AND job.finished_at IS NULL
    ORDER BY held.key
    LIMIT $3`, [selectionId, root, limit])
  return {
    conflicts: rows.map(({ count, ...conflict }) => conflict),
    conflictCount: Number(rows[0]?.count ?? 0)
  }
}
