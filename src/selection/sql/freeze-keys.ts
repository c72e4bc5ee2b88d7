import type { Sql } from '../../database/sql.ts'
import type { ChunkPlace } from './freeze-page.ts'

/**
 * Freezes one page of keys that were given by name: those that are visible as a chunk, the others as an excluded
 * chunk behind it, which holds no lock, so that nobody can lock (or find out about) records outside of their scope.
 *
 * Input: a SELECT of the visible rows; the keys, sorted, each one's place in the user's selection, and its
 * expected version (null: any).
 * Output: how many are present, and how many absent.
 */
export async function freezeKeys (
  sql: Sql,
  { tables, key, selectionId, no, root, living }: ChunkPlace,
  { rows, keys, places, versions }: { rows: string, keys: readonly string[], places: readonly number[], versions: readonly string[] | null }
): Promise<{ present: number, absent: number }> {
  const [frozen] = await sql.query<{ present: number, absent: number }>(`
    WITH given AS MATERIALIZED (
      SELECT g.key, g.place, g.version
      FROM unnest($5::${key.kind}[]${key.kind === 'text' ? ' COLLATE "C"' : ''}, $6::int[], $7::text[]) AS g (key, place, version)
    ), visible AS MATERIALIZED (
      SELECT ${key.stored('e')} AS key FROM (${rows}) e WHERE ${key.among('e', `$5::${key.kind}[]`)}
    ), found AS (
      SELECT key, place, version, key IN (SELECT key FROM visible) AS present FROM given
    ), frozen AS (
      INSERT INTO ${tables.chunkOf[key.kind]} (selection_id, no, root, living, excluded, size, ord, versions, keys, first, last)
      SELECT $1, $2::int + (NOT present AND EXISTS (SELECT 1 FROM found WHERE present))::int, $3, $4 AND present, CASE WHEN NOT present THEN 'missing' END, count(*),
        array_agg(place ORDER BY key), CASE WHEN $7::text[] IS NOT NULL THEN array_agg(version ORDER BY key) END, array_agg(key ORDER BY key), (array_agg(key ORDER BY key))[1], (array_agg(key ORDER BY key DESC))[1]
      FROM found
      GROUP BY present
      RETURNING size, excluded
    )
    SELECT coalesce(sum(size) FILTER (WHERE excluded IS NULL), 0)::int AS present, coalesce(sum(size) FILTER (WHERE excluded IS NOT NULL), 0)::int AS absent
    FROM frozen`, [selectionId, no, root, living, keys, places, versions])
  return frozen!
}
