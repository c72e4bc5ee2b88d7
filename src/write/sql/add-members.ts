import type { Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'
import { givenMembers, isAbout, memberParts, memberValues, type MembersAt } from './members-of-slice.ts'
import { inSlice } from './slice-keys.ts'

/**
 * Gives every record of a slice the members that it does not have yet, in the order in which they are given. The
 * records are locked first, as the foreign key would: one that is deleted meanwhile gets none.
 *
 * Not every pivot table has a unique key over both sides, so that a conflict alone would not tell who is a member.
 * Output: the stored keys of the records that got one.
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
