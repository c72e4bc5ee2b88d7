import type { Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'
import type { Resource } from '../../resources/resource.ts'
import { inSlice, sliceValues } from '../../write/sql/slice-keys.ts'
import type { Slice } from '../../write/writer.ts'
import { valueNow, type ImageColumn } from '../image-column.ts'
import { imageRows, imagesOfSlice } from './image-rows.ts'

/** A record that was restored as an entity. */
export interface RestoredRecord {
  /** The stored key. */
  key: string
  /** For each value of its image, whether nobody but the undo had a say in it. */
  isOurs: readonly boolean[]
}

/**
 * Gives records of a slice those old values back that were not kept as they were on their way through an entity, such as
 * microseconds; usually there are none.
 *
 * Input: the job that is undone, the columns of its images, the records, and what else is to be set where one is written.
 * Output: the stored keys of the records that were written.
 */
export async function restoreExactly (
  sql: Sql, tables: Tables, resource: Resource, slice: Slice,
  { jobId, columns, records, assignments }: { jobId: string, columns: readonly ImageColumn[], records: readonly RestoredRecord[], assignments: readonly string[] }
): Promise<string[]> {
  const { table, key } = resource
  const restored = columns.flatMap((column, index) => column.kind === 'column'
    ? [{ column, before: `image.b${index}`, isOurs: `substr(record.ours, ${index + 1}, 1) = '1'` }]
    : [])
  if (restored.length === 0 || records.length === 0) return []
  const values = [
    ...sliceValues(slice), jobId,
    records.map((record) => record.key),
    records.map(({ isOurs }) => isOurs.map(Number).join(''))
  ]
  const sets = [
    ...restored.map(({ column, before, isOurs }) => `${column.column} = CASE WHEN ${isOurs} THEN ${before}::${column.type} ELSE t.${column.column} END`),
    ...assignments
  ]
  const isInexact = restored.map(({ column, before, isOurs }) => `(${isOurs} AND ${valueNow(resource, column)} IS DISTINCT FROM ${before})`).join(' OR ')
  const rows = await sql.query<{ key: string }>(`
    UPDATE ${table} AS t SET ${sets.join(', ')}
    FROM ${imageRows(tables, imagesOfSlice, columns.length)} AS image
    JOIN unnest($6::text[], $7::text[]) AS record (key, ours) ON record.key = image.key
    WHERE ${inSlice(tables, resource, 't')} AND ${key.stored('t')}::text COLLATE "C" = image.key AND (${isInexact})
    RETURNING ${key.stored('t')}::text AS key`, values)
  return rows.map(({ key }) => key)
}
