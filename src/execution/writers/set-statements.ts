// The records of a slice, written in one statement each.

import { differs } from '../../entities/column-type.ts'
import type { ColumnValue } from '../../entities/columns.ts'
import type { Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'
import type { Resource } from '../../entities/resource.ts'
import type { Slice } from '../../engine/writer.ts'
import { inSlice, sliceValues } from './slices.ts'

/**
 * Updates the slice's records that differ from the requested values.
 *
 * Input: the slice, the requested columns, further columns that every update sets, and assignments without a value.
 * Output: how many records were written, and their keys unless that was the whole slice.
 */
export async function updateSlice (
  sql: Sql, tables: Tables, resource: Resource, slice: Slice,
  { columns, touched, assignments }: { columns: ColumnValue[], touched: ColumnValue[], assignments: string[] }
): Promise<{ written: number, keys: string[] | null }> {
  const { table, key } = resource
  const values = sliceValues(slice)
  const parameter = (column: ColumnValue) => column.wrap(`$${values.push(column.value)}`)
  const asked = columns.map((column) => ({ ...column, sql: parameter(column) }))
  const sets = [
    ...asked.map(({ column, sql: value }) => `${column} = ${value}`),
    ...touched.map((column) => `${column.column} = ${parameter(column)}`),
    ...assignments
  ]
  const size = slice.to - slice.from + 1
  const [row] = await sql.query<{ written: number, keys: string[] | null }>(`
    WITH written AS (
      UPDATE ${table} AS t SET ${sets.join(', ')}
      WHERE ${inSlice(tables, resource, 't')} AND (${asked.map(({ column, type, sql: value }) => differs(`t.${column}`, value, type)).join(' OR ')})
      RETURNING ${key.stored('t')} AS key
    )
    SELECT count(*)::int AS written, CASE WHEN count(*) < ${size} THEN array_agg(key::text) END AS keys FROM written`, values)
  return row!
}

/**
 * Deletes the slice's records.
 *
 * Input: the slice. Output: how many records were deleted, and their keys unless that was the whole slice.
 */
export async function deleteSlice (
  sql: Sql, tables: Tables, resource: Resource, slice: Slice
): Promise<{ written: number, keys: string[] | null }> {
  const { table, key } = resource
  const size = slice.to - slice.from + 1
  const [row] = await sql.query<{ written: number, keys: string[] | null }>(`
    WITH written AS (
      DELETE FROM ${table} AS t WHERE ${inSlice(tables, resource, 't')} RETURNING ${key.stored('t')} AS key
    )
    SELECT count(*)::int AS written, CASE WHEN count(*) < ${size} THEN array_agg(key::text) END AS keys FROM written`, sliceValues(slice))
  return row!
}
