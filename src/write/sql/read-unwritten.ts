import type { Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'
import type { Resource } from '../../resources/resource.ts'
import type { Slice } from '../writer.ts'
import { sliceKeys, sliceValues } from './slice-keys.ts'

/**
 * Which of a slice's records were not written: those that are there had the values already, the others are missing.
 * A statement of its own after the write, so that it sees what others committed while the write waited for them.
 *
 * Input: the keys that were written. Output: places within the chunk.
 */
export async function readUnwritten (
  sql: Sql, tables: Tables, { table, key, ofClass }: Resource, slice: Slice, written: readonly string[]
): Promise<{ unchanged: number[], missing: number[] }> {
  const isText = key.kind === 'text'
  const [row] = await sql.query<{ unchanged: number[] | null, missing: number[] | null }>(`
    WITH slice AS MATERIALIZED (
      SELECT s.key, s.place + $3::int - 1 AS place
      FROM unnest(${sliceKeys(tables, key)}) WITH ORDINALITY AS s (key, place)
    ), unwritten AS MATERIALIZED (
      SELECT key, place FROM slice
      WHERE key NOT IN (SELECT w.key${isText ? ' COLLATE "C"' : ''} FROM unnest($5::${key.kind}[]) AS w (key))
    ), present AS (
      SELECT ${key.stored('t')} AS key FROM ${table} t WHERE ${key.among('t', '(SELECT array_agg(key) FROM unwritten)')}${ofClass('t')}
    )
    SELECT array_agg(place ORDER BY place) FILTER (WHERE found) AS unchanged,
      array_agg(place ORDER BY place) FILTER (WHERE NOT found) AS missing
    FROM (SELECT place::int, key IN (SELECT key FROM present) AS found FROM unwritten) AS told`, [...sliceValues(slice), written])
  return { unchanged: row!.unchanged ?? [], missing: row!.missing ?? [] }
}
