import type { Sql } from '../../database/sql.ts'
import type { Tables, KeyKind } from '../../database/tables.ts'
import type { RecordKey } from '../../entities/record-key.ts'

export interface ChunkPlace {
  tables: Tables
  key: RecordKey
  selectionId: string
  /** Number of the next chunk. */
  no: number
  root: string
  /** Whether the records are locked from the commit on. */
  living: boolean
}

/**
 * Freezes the next page of a filter's matches as one chunk, inside the database: no key travels.
 *
 * Input: a SELECT of the visible rows, the key after which the page begins (null: at the start), keys to leave out,
 * the records frozen so far, the records of a page at most.
 * Output: how many records the chunk has, and the key of the last one; undefined when nothing was left.
 */
export async function freezePage (
  sql: Sql,
  { tables, key, selectionId, no, root, living }: ChunkPlace,
  { rows, after, exclude, offset, limit }: { rows: string, after: string | null, exclude: readonly string[], offset: number, limit: number }
): Promise<{ size: number, last: string } | undefined> {
  const values: unknown[] = [selectionId, no, root, living, offset, limit]
  const conditions: string[] = []
  if (after !== null) conditions.push(key.after('e', `$${values.push(after)}`))
  if (exclude.length > 0) conditions.push(`NOT (${key.among('e', `$${values.push(exclude)}::${key.kind}[]`)})`)

  const [page] = await sql.query<{ size: number, last: string }>(`
    WITH page AS MATERIALIZED (
      SELECT ${key.stored('e')} AS key, row_number() OVER (ORDER BY ${key.orderBy('e')}) AS place
      FROM (${rows}) e
      ${conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : ''}
      ORDER BY ${key.orderBy('e')}
      LIMIT $6
    ), frozen AS (
      INSERT INTO ${tables.chunkOf[key.kind]} (selection_id, no, root, living, size, ord, keys, first, last)
      SELECT $1, $2, $3, $4, count(*), array_agg(place + $5 - 1 ORDER BY key), array_agg(key ORDER BY key), (array_agg(key ORDER BY key))[1], (array_agg(key ORDER BY key DESC))[1]
      FROM page
      HAVING count(*) > 0
      RETURNING size
    )
    SELECT size, (SELECT key::text FROM page ORDER BY place DESC LIMIT 1) AS last FROM frozen`, values)
  return page
}

/**
 * Freezes one page of keys that were given by name: those that are visible as a chunk, the others as an excluded
 * chunk behind it, which holds no lock, so that callers cannot lock (or find out about) records outside of their scope.
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

/**
 * Freezes some records of another selection's chunk as a chunk with the same number.
 *
 * Input: the chunk, places within it from 1. Output: how many records it has.
 */
export async function copyChunk (
  sql: Sql, tables: Tables,
  { kind, from, to, no, places, living }: { kind: KeyKind, from: string, to: string, no: number, places: readonly number[], living: boolean }
): Promise<number> {
  const chunk = tables.chunkOf[kind]
  const [row] = await sql.query<{ size: number }>(`
    INSERT INTO ${chunk} (selection_id, no, root, living, size, ord, keys, first, last)
    SELECT $2, source.no, source.root, $5, count(*), array_agg(e.ord ORDER BY e.key), array_agg(e.key ORDER BY e.key),
      (array_agg(e.key ORDER BY e.key))[1], (array_agg(e.key ORDER BY e.key DESC))[1]
    FROM ${chunk} source
    CROSS JOIN LATERAL unnest(source.keys, source.ord) WITH ORDINALITY AS e (key, ord, place)
    WHERE source.selection_id = $1 AND source.no = $3 AND e.place = ANY($4::int[])
    GROUP BY source.no, source.root
    RETURNING size`, [from, to, no, places, living])
  return row?.size ?? 0
}
