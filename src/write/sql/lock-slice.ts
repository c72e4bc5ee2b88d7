import type { EntityMetadata } from '@mikro-orm/core'
import type { Sql } from '../../database/sql.ts'
import type { KeyKind, Tables } from '../../database/tables.ts'
import { recordKeyOf } from '../../resources/record-key.ts'
import { qualified, type Resource } from '../../resources/resource.ts'
import type { RowLock, Slice } from '../writer.ts'
import { inSlice, sliceKeys, sliceValues } from './slice-keys.ts'

export interface LockedRecord {
  /** Place within the chunk. */
  place: number
  /** The stored key. */
  key: string
}

/** Locks the records of a slice, in the order of their key. Output: those that are there, in that order. */
export async function lockSlice (sql: Sql, tables: Tables, resource: Resource, slice: Slice, lock: RowLock): Promise<LockedRecord[]> {
  const { table, key } = resource
  return await sql.query<{ place: number, key: string }>(`
    WITH locked AS MATERIALIZED (
      SELECT ${key.stored('t')} AS key, row_number() OVER () AS turn FROM (
        SELECT ${key.columns.map(({ column }) => `t.${column}`).join(', ')} FROM ${table} t
        WHERE ${inSlice(tables, resource, 't')} ORDER BY ${key.orderBy('t')} FOR ${lock}
      ) AS t
    ), slice AS MATERIALIZED (
      SELECT s.key, s.place + $3::int - 1 AS place FROM unnest(${sliceKeys(tables, key)}) WITH ORDINALITY AS s (key, place)
    )
    SELECT slice.place::int AS place, locked.key::text AS key FROM locked JOIN slice USING (key) ORDER BY locked.turn`, sliceValues(slice))
}

/** Locks the rows of a slice's records in the table of a class that theirs extends. */
export async function lockAncestors (
  sql: Sql, tables: Tables, { ancestor, kind, slice, lock }: { ancestor: EntityMetadata, kind: KeyKind, slice: Slice, lock: RowLock }
): Promise<void> {
  const key = recordKeyOf(ancestor)
  await sql.query(`
    SELECT 1 FROM ${qualified(ancestor)} t
    WHERE ${key.among('t', sliceKeys(tables, { ...key, kind }))} ORDER BY ${key.orderBy('t')} FOR ${lock}`, sliceValues(slice))
}
