// The records of an undone update: their values before it, set again.

import type { ColumnValue } from '../../entities/columns.ts'
import type { Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'
import type { Resource } from '../../entities/resource.ts'
import { inSlice, sliceValues } from '../writers/slices.ts'
import type { Slice } from '../../engine/writer.ts'
import { isCurrentValue, type ImageColumn } from './image-column.ts'
import { imageRows, imagesOfSlice } from './images.ts'

/**
 * Restores the columns of the slice's records that still have what the job wrote.
 *
 * Input: the slice, the undone job, the columns of its images, further columns and assignments that every update sets.
 * Output: the stored keys of these records. Where only members are to be restored, a record is locked and not written.
 */
export async function restoreColumns (
  sql: Sql, tables: Tables, resource: Resource, slice: Slice,
  { jobId, columns, touched, assignments }: { jobId: string, columns: readonly ImageColumn[], touched: readonly ColumnValue[], assignments: readonly string[] }
): Promise<string[]> {
  const { table, key } = resource
  const values = [...sliceValues(slice), jobId]
  const isSame = columns.map((column, index) => isCurrentValue(resource, column, `image.a${index}`)).join(' AND ')
  const source = `${imageRows(tables, imagesOfSlice, columns.length)} AS image`
  const match = `${inSlice(tables, resource, 't')} AND ${key.stored('t')}::text COLLATE "C" = image.key AND ${isSame}`
  const own = columns.flatMap(({ kind }, index) => kind === 'column' ? [index] : [])
  const hasMembers = own.length < columns.length
  const isWritten = own.map((index) => `image.b${index} IS DISTINCT FROM image.a${index}`).join(' OR ') || 'false'
  const keysOf = async (text: string, values: unknown[]) => (await sql.query<{ key: string }>(text, values)).map(({ key }) => key)

  const locked = !hasMembers
    ? []
    : await keysOf(`SELECT ${key.stored('t')}::text AS key FROM ${table} AS t JOIN ${source} ON true WHERE ${match} AND NOT (${isWritten}) FOR NO KEY UPDATE OF t`, [...values])
  if (own.length === 0) return locked
  const sets = [
    ...columns.flatMap((column, index) => column.kind === 'column' ? [`${column.column} = image.b${index}${cast(column.type)}`] : []),
    ...touched.map((column) => `${column.column} = ${column.wrap(`$${values.push(column.value)}`)}`),
    ...assignments
  ]
  const written = await keysOf(`
    UPDATE ${table} AS t SET ${sets.join(', ')} FROM ${source}
    WHERE ${match}${hasMembers ? ` AND (${isWritten})` : ''} RETURNING ${key.stored('t')}::text AS key`, values)
  return [...locked, ...written]
}

/** An unknown type is inferred only for parameters. */
function cast (type: string): string {
  return type === '' ? '' : `::${type}`
}

/** A record that was restored as an entity. */
export interface RestoredRecord {
  /** The stored key. */
  key: string
  /** For each value of its image, whether no hook has changed it since the undo set it. */
  isUntouched: readonly boolean[]
}

/**
 * Restores in SQL the values that lose precision in an entity, such as microseconds; usually there are none.
 *
 * Input: the slice, the undone job, the columns of its images, the records, further assignments for each written record.
 * Output: the stored keys of the records that were written.
 */
export async function restoreExactly (
  sql: Sql, tables: Tables, resource: Resource, slice: Slice,
  { jobId, columns, records, assignments }: { jobId: string, columns: readonly ImageColumn[], records: readonly RestoredRecord[], assignments: readonly string[] }
): Promise<string[]> {
  const { table, key } = resource
  const restored = columns.flatMap((column, index) => column.kind === 'column'
    ? [{ column, before: `image.b${index}`, isUntouched: `substr(record.untouched, ${index + 1}, 1) = '1'` }]
    : [])
  if (restored.length === 0 || records.length === 0) return []
  const values = [
    ...sliceValues(slice), jobId,
    records.map((record) => record.key),
    records.map(({ isUntouched }) => isUntouched.map(Number).join(''))
  ]
  const sets = [
    ...restored.map(({ column, before, isUntouched }) => `${column.column} = CASE WHEN ${isUntouched} THEN ${before}::${column.type} ELSE t.${column.column} END`),
    ...assignments
  ]
  const isInexact = restored.map(({ column, before, isUntouched }) => `(${isUntouched} AND NOT (${isCurrentValue(resource, column, before)}))`).join(' OR ')
  const rows = await sql.query<{ key: string }>(`
    UPDATE ${table} AS t SET ${sets.join(', ')}
    FROM ${imageRows(tables, imagesOfSlice, columns.length)} AS image
    JOIN unnest($6::text[], $7::text[]) AS record (key, untouched) ON record.key = image.key
    WHERE ${inSlice(tables, resource, 't')} AND ${key.stored('t')}::text COLLATE "C" = image.key AND (${isInexact})
    RETURNING ${key.stored('t')}::text AS key`, values)
  return rows.map(({ key }) => key)
}
