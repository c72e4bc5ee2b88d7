import type { Sql } from '../../database/sql.ts'
import type { KeyKind, Tables } from '../../database/tables.ts'

export interface StoredConflict {
  key: string
  job_id: string
  operation: string
  since: Date
}

/**
 * The records of a selection that living jobs hold.
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
  const chunk = tables.chunkOf[kind]
  const rows = await sql.query<StoredConflict & { count: string }>(`
    WITH held AS (
      SELECT shared.key, theirs.selection_id
      FROM ${chunk} own
      JOIN ${chunk} theirs ON theirs.living AND theirs.root = own.root AND theirs.selection_id <> own.selection_id
        AND theirs.first <= own.last AND theirs.last >= own.first
      CROSS JOIN LATERAL (SELECT unnest(own.keys) INTERSECT SELECT unnest(theirs.keys)) AS shared (key)
      WHERE own.selection_id = $1 AND own.root = $2 AND NOT own.absent
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
