import type { Sql } from '../../database/sql.ts'
import type { KeyKind, Tables } from '../../database/tables.ts'
import { overlaps } from './overlaps.ts'

/**
 * Takes the records that others hold, or stand in line for, out of a selection's own chunks, into excluded chunks
 * behind them. A statement of its own after `lockRoots`, for the reason told at `findConflicts`.
 *
 * Input: the selection, its root, the number of the next chunk. Output: how many records were taken out.
 */
export async function excludeLocked (
  sql: Sql, tables: Tables,
  { kind, selectionId, root, nextNo }: { kind: KeyKind, selectionId: string, root: string, nextNo: number }
): Promise<number> {
  const chunk = tables.chunkOf[kind]
  const [row] = await sql.query<{ excluded: number }>(`
    WITH held AS MATERIALIZED (
      SELECT DISTINCT no, key FROM (${overlaps(tables, kind, 'true')}) AS pairs
    ), split AS MATERIALIZED (
      SELECT own.no, e.key, e.place, e.version, own.versions IS NOT NULL AS versioned, held.key IS NOT NULL AS held
      FROM ${chunk} own
      CROSS JOIN LATERAL unnest(own.keys, own.ord, own.versions) AS e (key, place, version)
      LEFT JOIN held ON held.no = own.no AND held.key = e.key
      WHERE own.selection_id = $1 AND own.root = $2 AND own.excluded IS NULL AND own.no IN (SELECT no FROM held)
    ), parts AS MATERIALIZED (
      SELECT no, held, count(*) AS size, array_agg(key ORDER BY key) AS keys, array_agg(place ORDER BY key) AS ord,
        CASE WHEN bool_and(versioned) THEN array_agg(version ORDER BY key) END AS versions, (array_agg(key ORDER BY key))[1] AS first, (array_agg(key ORDER BY key DESC))[1] AS last
      FROM split
      GROUP BY no, held
    ), kept AS (
      UPDATE ${chunk} own
      SET size = parts.size, keys = parts.keys, ord = parts.ord, versions = parts.versions, first = parts.first, last = parts.last
      FROM parts
      WHERE own.selection_id = $1 AND own.no = parts.no AND NOT parts.held
    ), emptied AS (
      DELETE FROM ${chunk} own
      WHERE own.selection_id = $1 AND own.no IN (SELECT no FROM parts GROUP BY no HAVING bool_and(held))
    ), excluded AS (
      INSERT INTO ${chunk} (selection_id, no, root, living, excluded, size, ord, versions, keys, first, last)
      SELECT $1, $3::int + row_number() OVER (ORDER BY no) - 1, $2, false, 'locked', size, ord, versions, keys, first, last
      FROM parts
      WHERE held
      RETURNING size
    )
    SELECT coalesce(sum(size), 0)::int AS excluded FROM excluded`, [selectionId, root, nextNo])
  return row!.excluded
}
