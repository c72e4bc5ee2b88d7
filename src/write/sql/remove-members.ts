import type { Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'
import { givenMembers, isAbout, memberParts, memberValues, type MembersAt } from './members-of-slice.ts'
import { inSlice } from './slice-keys.ts'

/**
 * Takes members from every record of a slice: the given ones, or (`others`) all but these.
 * Output: the stored keys of the records that lost one.
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
