import type { EntityMetadata, EntityProperty } from '@mikro-orm/core'
import type { EntityManager } from '@mikro-orm/postgresql'
import { isTimestampWithoutZone } from '../../entities/column-type.ts'
import { zoneOf } from '../../entities/columns.ts'
import { quote } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'
import { recordKeyOf } from '../../entities/record-key.ts'
import type { Resource } from '../../entities/resource.ts'
import type { RowLock, Slice, WriteTransaction } from '../../engine/writer.ts'
import { sliceKeys, sliceValues } from './slices.ts'

/**
 * Which of a slice's records have another version than the one that they were selected with. Locks them all in the order
 * of their key, so that the answer is still true when they are written.
 *
 * Input: the version's property, and the entity whose table has it. Output: places within the chunk.
 */
export async function findStale (
  { sql, em }: Pick<WriteTransaction, 'sql' | 'em'>, tables: Tables, resource: Resource,
  { slice, version, owner, lock }: { slice: Slice, version: EntityProperty, owner: EntityMetadata, lock: RowLock }
): Promise<number[]> {
  const isOwn = owner === resource.meta
  const key = isOwn ? resource.key : { ...recordKeyOf(owner), kind: resource.key.kind }
  const [row] = await sql.query<{ stale: number[] | null }>(`
    WITH locked AS MATERIALIZED (
      SELECT ${key.stored('t')} AS key, t.${quote(version.fieldNames[0]!)} AS version FROM ${resource.entityTables.of(owner).quoted} t
      WHERE ${key.among('t', sliceKeys(tables, key))}${isOwn ? resource.ofClass('t') : ''} ORDER BY ${key.orderBy('t')} FOR ${lock}
    ), given AS MATERIALIZED (
      SELECT g.key, g.version, g.place + $3::int - 1 AS place
      FROM unnest(${sliceKeys(tables, key)}, (
        SELECT versions[$3::int:$4::int] FROM ${tables.chunkOf[key.kind]} WHERE selection_id = $1::uuid AND no = $2::int
      )) WITH ORDINALITY AS g (key, version, place)
    )
    SELECT array_agg(given.place::int ORDER BY given.place) AS stale
    FROM given JOIN locked USING (key) WHERE ${differs(version, em)}`, sliceValues(slice))
  return row!.stale ?? []
}

function differs (version: EntityProperty, em: EntityManager): string {
  if (version.runtimeType !== 'Date') return 'locked.version::text IS DISTINCT FROM given.version'
  // The client has it as MikroORM reads it.
  const instant = isTimestampWithoutZone(version.columnTypes[0]!) ? `locked.version AT TIME ZONE ${zoneOf(em.getPlatform())}` : 'locked.version'
  // Clients hold milliseconds, whatever the column keeps.
  return `date_trunc('milliseconds', ${instant}) IS DISTINCT FROM date_trunc('milliseconds', given.version::timestamptz)`
}
