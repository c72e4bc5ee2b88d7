// The members of to-many fields: rows of a pivot table.

import type { Resource } from '../../entities/resource.ts'
import type { Pivot } from './members.ts'
import type { Slice } from '../../engine/writer.ts'
import { sliceValues, inSlice } from './slices.ts'
import type { Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'

/** The pivot rows to change: those of a slice's records, in one pivot table. */
export interface MembersAt {
  resource: Resource
  slice: Slice
  pivot: Pivot
}

/** SQL: the given members, in their order, as rows `m (member, place)`. It takes the parameter $5. */
export const givenMembers = 'jsonb_array_elements($5::jsonb) WITH ORDINALITY AS m (member, place)'

/** The parameters of the slice, and $5. */
export function memberValues (slice: Slice, members: readonly (readonly string[])[]): unknown[] {
  return [...sliceValues(slice), JSON.stringify(members)]
}

/** SQL: the parts of a given member's key. */
export function memberParts ({ casts }: Pivot): string[] {
  return casts.map((cast, index) => `(m.member ->> ${index})${cast}`)
}

/** SQL: whether a row of the pivot table is about record `t`. */
export function isAbout ({ key }: Resource, { own }: Pivot, alias: string): string {
  return key.columns.map(({ column }, index) => `${alias}.${own[index]!} = t.${column}`).join(' AND ')
}

/**
 * Adds to every record of a slice the given members that it lacks, in the given order. The records are locked first, as
 * the foreign key would: one that is deleted meanwhile is left out. Not every pivot table has a unique key over both
 * sides, so ON CONFLICT alone would not find the present members.
 *
 * Input: the slice, the members' keys. Output: the stored keys of the records that gained a member.
 */
export async function addMembers (
  sql: Sql, tables: Tables, { resource, slice, pivot }: MembersAt, members: readonly (readonly string[])[]
): Promise<string[]> {
  const { table, key } = resource
  const own = key.columns.map(({ column }) => column)
  const parts = memberParts(pivot)
  const rows = await sql.query<{ key: string }>(`
    WITH t AS MATERIALIZED (
      SELECT ${own.map((column) => `t.${column}`).join(', ')} FROM ${table} t WHERE ${inSlice(tables, resource, 't')} FOR KEY SHARE
    ), added AS (
      INSERT INTO ${pivot.table} (${[...pivot.own, ...pivot.inverse].join(', ')})
      SELECT ${[...own.map((column) => `t.${column}`), ...parts].join(', ')}
      FROM t CROSS JOIN ${givenMembers}
      WHERE NOT EXISTS (
        SELECT 1 FROM ${pivot.table} p
        WHERE ${isAbout(resource, pivot, 'p')} AND ${pivot.inverse.map((column, index) => `p.${column} = ${parts[index]}`).join(' AND ')}
      )
      ORDER BY ${own.map((column) => `t.${column}`).join(', ')}, m.place
      ON CONFLICT DO NOTHING
      RETURNING ${pivot.own.join(', ')}
    )
    SELECT DISTINCT ${key.stored('t')}::text AS key FROM added JOIN t ON ${isAbout(resource, pivot, 'added')}`, memberValues(slice, members))
  return rows.map(({ key }) => key)
}

/**
 * Removes members from every record of a slice: the given ones, or (`others`) all but these.
 *
 * Input: the slice, the members' keys. Output: the stored keys of the records that lost a member.
 */
export async function removeMembers (
  sql: Sql, tables: Tables, { resource, slice, pivot }: MembersAt, { members, others }: { members: readonly (readonly string[])[], others: boolean }
): Promise<string[]> {
  const { table, key } = resource
  const isGiven = `(${pivot.inverse.map((column) => `p.${column}`).join(', ')}) IN (SELECT ${memberParts(pivot).join(', ')} FROM ${givenMembers})`
  const rows = await sql.query<{ key: string }>(`
    WITH removed AS (
      DELETE FROM ${pivot.table} p USING ${table} t
      WHERE ${isAbout(resource, pivot, 'p')} AND ${inSlice(tables, resource, 't')} AND ${others ? 'NOT ' : ''}(${isGiven})
      RETURNING ${key.stored('t')} AS key
    )
    SELECT DISTINCT key::text AS key FROM removed`, memberValues(slice, members))
  return rows.map(({ key }) => key)
}

/**
 * Removes all members of the records of a slice that have the given ones in another order, so that they can be added
 * again in the given order.
 *
 * Input: the slice, the members' keys in their order. Output: the stored keys of these records.
 */
export async function removeDisordered (
  sql: Sql, tables: Tables, { resource, slice, pivot }: MembersAt, members: readonly (readonly string[])[]
): Promise<string[]> {
  const { table, key } = resource
  const rows = await sql.query<{ key: string }>(`
    WITH ordered AS MATERIALIZED (
      SELECT ${key.columns.map(({ column }) => `t.${column}`).join(', ')}, ${key.stored('t')} AS stored,
        jsonb_agg(jsonb_build_array(${pivot.inverse.map((column) => `p.${column}::text`).join(', ')}) ORDER BY p.${pivot.order!}) AS members
      FROM ${table} t JOIN ${pivot.table} p ON ${isAbout(resource, pivot, 'p')}
      WHERE ${inSlice(tables, resource, 't')}
      GROUP BY ${key.columns.map(({ column }) => `t.${column}`).join(', ')}
    ), removed AS (
      DELETE FROM ${pivot.table} p USING ordered t
      WHERE ${isAbout(resource, pivot, 'p')} AND t.members <> (
        SELECT jsonb_agg(jsonb_build_array(${memberParts(pivot).map((part) => `${part}::text`).join(', ')}) ORDER BY m.place) FROM ${givenMembers})
      RETURNING t.stored AS key
    )
    SELECT DISTINCT key::text AS key FROM removed`, memberValues(slice, members))
  return rows.map(({ key }) => key)
}
