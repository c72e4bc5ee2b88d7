import type { ColumnValue } from '../../change-set/columns.ts'
import type { Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'
import type { Resource } from '../../resources/resource.ts'
import { inSlice, sliceValues } from '../../write/sql/slice-keys.ts'
import type { Slice } from '../../write/writer.ts'
import { valueNow, type ImageColumn } from '../image-column.ts'
import { imageRows, imagesOfSlice } from './image-rows.ts'

/**
 * Gives those of a slice's records their old values back that still have what the job wrote.
 *
 * Input: the job that is undone, what it could change, and what every update touches beside that.
 * Output: the stored keys of these records. Those of which only members are to be given back are locked for that, and not written.
 */
export async function restoreColumns (
  sql: Sql, tables: Tables, resource: Resource, slice: Slice,
  { jobId, columns, touched, assignments }: { jobId: string, columns: readonly ImageColumn[], touched: readonly ColumnValue[], assignments: readonly string[] }
): Promise<string[]> {
  const { table, key } = resource
  const values = [...sliceValues(slice), jobId]
  const isSame = columns.map((column, index) => `${valueNow(resource, column)} IS NOT DISTINCT FROM image.a${index}`).join(' AND ')
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
