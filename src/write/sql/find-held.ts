import type { Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'
import type { Resource } from '../../resources/resource.ts'
import type { RowLock, Slice } from '../writer.ts'
import { inSlice, sliceKeys, sliceValues } from './slice-keys.ts'

/**
 * Which of a slice's records other transactions hold right now; locks the rest. No waiting.
 * Output: places within the chunk.
 */
export async function findHeld (sql: Sql, tables: Tables, resource: Resource, slice: Slice, lock: RowLock): Promise<number[]> {
  const { table, key } = resource
  const [row] = await sql.query<{ held: number[] | null }>(`
    WITH slice AS MATERIALIZED (
      SELECT s.key, s.place + $3::int - 1 AS place FROM unnest(${sliceKeys(tables, key)}) WITH ORDINALITY AS s (key, place)
    ), present AS MATERIALIZED (
      SELECT ${key.stored('t')} AS key FROM ${table} t WHERE ${inSlice(tables, resource, 't')}
    ), free AS MATERIALIZED (
      SELECT ${key.stored('t')} AS key FROM ${table} t WHERE ${inSlice(tables, resource, 't')} FOR ${lock} SKIP LOCKED
    )
    SELECT array_agg(place::int ORDER BY place) AS held FROM slice
    WHERE key IN (SELECT key FROM present) AND key NOT IN (SELECT key FROM free)`, sliceValues(slice))
  return row!.held ?? []
}
