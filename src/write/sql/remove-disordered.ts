import type { Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'
import { givenMembers, isAbout, memberParts, memberValues, type MembersAt } from './members-of-slice.ts'
import { inSlice } from './slice-keys.ts'

/**
 * Takes all members from those records of a slice that have the given ones in another order, so that they can be added
 * again in this one.
 * Output: the stored keys of these records.
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
