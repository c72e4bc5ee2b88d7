import type { Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'
import type { Resource } from '../../resources/resource.ts'
import type { Slice } from '../writer.ts'
import { inSlice, sliceValues } from './slice-keys.ts'

/** Deletes the slice's records. Output: how many there were, and their keys where that was not the whole slice. */
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
