// The records of a slice: SQL that selects them, the locks on them, and which of them a statement has not written.

import type { Tables } from '../../database/tables.ts'
import { type RecordKey, recordKeyOf } from '../../entities/record-key.ts'
import type { Resource } from '../../entities/resource.ts'
import type { Slice, RowLock } from '../../engine/writer.ts'
import type { EntityMetadata } from '@mikro-orm/core'
import { quoteText, type Sql } from '../../database/sql.ts'

/** SQL: the sorted keys of a slice. It takes the parameters $1…$4 of `sliceValues`. */
export function sliceKeys (tables: Tables, { kind }: RecordKey): string {
  return `(SELECT keys[$3::int:$4::int] FROM ${tables.chunkOf[kind]} WHERE selection_id = $1::uuid AND no = $2::int)`
}

export function sliceValues ({ selectionId, no, from, to }: Slice): unknown[] {
  return [selectionId, no, from, to]
}

/** SQL: whether row `alias` is one of the slice's records. */
export function inSlice (tables: Tables, { key, ofClass }: Pick<Resource, 'key' | 'ofClass'>, alias: string): string {
  return `${key.among(alias, sliceKeys(tables, key))}${ofClass(alias)}`
}

/** The same as literals, for statements that have no parameters of ours. */
export function literalSliceKeys (tables: Tables, { kind }: RecordKey, { selectionId, no, from, to }: Slice): string {
  return `(SELECT keys[${Number(from)}:${Number(to)}] FROM ${tables.chunkOf[kind]} WHERE selection_id = '${selectionId.replace(/[^0-9a-f-]/gi, '')}'::uuid AND no = ${Number(no)})`
}

/** The same for some stored keys, in the order of a chunk. */
export function literalKeys ({ kind }: Pick<RecordKey, 'kind'>, keys: readonly string[]): string {
  return `ARRAY[${keys.map(quoteText).join(', ')}]::${kind}[]`
}

export interface LockedRecord {
  /** Place within the chunk. */
  place: number
  /** The stored key. */
  key: string
}

/**
 * Locks the records of a slice, in the order of their key.
 *
 * Input: the slice, the strength of the lock. Output: the records that exist, in that order.
 */
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

/**
 * Locks the rows of a slice's records in the table of an ancestor class, in the order of their key.
 *
 * Input: the ancestor, the slice, the strength of the lock. No output.
 */
export async function lockAncestors (
  sql: Sql, tables: Tables, { resource, ancestor, slice, lock }: { resource: Resource, ancestor: EntityMetadata, slice: Slice, lock: RowLock }
): Promise<void> {
  const key = recordKeyOf(ancestor)
  await sql.query(`
    SELECT 1 FROM ${resource.entityTables.of(ancestor).quoted} t
    WHERE ${key.among('t', sliceKeys(tables, { ...key, kind: resource.key.kind }))} ORDER BY ${key.orderBy('t')} FOR ${lock}`, sliceValues(slice))
}

/**
 * Locks the records of a slice in the order of their key, as a delete would: no further row can refer to them from now on.
 *
 * Input: the slice. No output.
 */
export async function lockSliceForDelete (sql: Sql, tables: Tables, resource: Resource, slice: Slice): Promise<void> {
  const { table, key } = resource
  await sql.query(`
    SELECT count(*) FROM (SELECT FROM ${table} t WHERE ${inSlice(tables, resource, 't')} ORDER BY ${key.orderBy('t')} FOR UPDATE) AS held`, sliceValues(slice))
}

/**
 * Finds which of a slice's records other transactions have locked now; locks all others, without waiting.
 *
 * Input: the slice, the strength of the lock. Output: places within the chunk.
 */
export async function findLockedRecords (sql: Sql, tables: Tables, resource: Resource, slice: Slice, lock: RowLock): Promise<number[]> {
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

/**
 * Reads which of a slice's records were not written: those that exist had the values already, the others are missing.
 * A statement of its own after the write, so that it sees what other transactions committed while the write waited for them.
 *
 * Input: the slice, the keys that were written. Output: places within the chunk.
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
    FROM (SELECT place::int, key IN (SELECT key FROM present) AS found FROM unwritten) AS sought`, [...sliceValues(slice), written])
  return { unchanged: row!.unchanged ?? [], missing: row!.missing ?? [] }
}
