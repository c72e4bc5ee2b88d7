import type { Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'
import type { Resource } from '../../resources/resource.ts'
import type { Slice } from '../writer.ts'
import { sliceKeys, sliceValues } from './slice-keys.ts'

/** Deletes the slice's records. Output: how many there were, and their keys where that was not the whole slice. */
export async function deleteSlice (
  sql: Sql, tables: Tables, { table, key }: Resource, slice: Slice
): Promise<{ written: number, keys: string[] | null }> {
  const size = slice.to - slice.from + 1
  const [row] = await sql.query<{ written: number, keys: string[] | null }>(`
    WITH written AS (
      DELETE FROM ${table} AS t WHERE ${key.among('t', sliceKeys(tables, key))} RETURNING ${key.stored('t')} AS key
    )
    SELECT count(*)::int AS written, CASE WHEN count(*) < ${size} THEN array_agg(key::text) END AS keys FROM written`, sliceValues(slice))
  return row!
}
