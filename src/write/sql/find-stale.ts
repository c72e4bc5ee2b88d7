import type { EntityProperty } from '@mikro-orm/core'
import { quote, type Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'
import type { Resource } from '../../resources/resource.ts'
import type { RowLock, Slice } from '../writer.ts'
import { inSlice, sliceKeys, sliceValues } from './slice-keys.ts'

/**
 * Which of a slice's records have another version than the one that they were selected with. Locks them all, so that
 * the answer is still true when they are written.
 * Output: places within the chunk.
 */
export async function findStale (
  sql: Sql, tables: Tables, resource: Resource, { slice, version, lock }: { slice: Slice, version: EntityProperty, lock: RowLock }
): Promise<number[]> {
  const { table, key } = resource
  const [row] = await sql.query<{ stale: number[] | null }>(`
    WITH locked AS MATERIALIZED (
      SELECT ${key.stored('t')} AS key, t.${quote(version.fieldNames[0]!)} AS version FROM ${table} t WHERE ${inSlice(tables, resource, 't')} FOR ${lock}
    ), given AS MATERIALIZED (
      SELECT g.key, g.version, g.place + $3::int - 1 AS place
      FROM unnest(${sliceKeys(tables, key)}, (
        SELECT versions[$3::int:$4::int] FROM ${tables.chunkOf[key.kind]} WHERE selection_id = $1::uuid AND no = $2::int
      )) WITH ORDINALITY AS g (key, version, place)
    )
    SELECT array_agg(given.place::int ORDER BY given.place) AS stale
    FROM given JOIN locked USING (key) WHERE ${differs(version)}`, sliceValues(slice))
  return row!.stale ?? []
}

function differs (version: EntityProperty): string {
  if (version.runtimeType !== 'Date') return 'locked.version::text IS DISTINCT FROM given.version'
  // MikroORM keeps instants in a column without time zone as UTC.
  const instant = /^timestamp(\(|$| without)/.test(version.columnTypes[0]!) ? "locked.version AT TIME ZONE 'UTC'" : 'locked.version'
  // Clients hold milliseconds, whatever the column keeps.
  return `date_trunc('milliseconds', ${instant}) IS DISTINCT FROM date_trunc('milliseconds', given.version::timestamptz)`
}
