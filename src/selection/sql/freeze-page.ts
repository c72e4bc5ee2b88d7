import type { Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'
import type { RecordKey } from '../../resources/record-key.ts'

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
