import type { Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'
import type { Resource } from '../../resources/resource.ts'
import type { Members } from '../members.ts'
import type { Slice } from '../writer.ts'
import { sliceKeys, sliceValues } from './slice-keys.ts'

/**
 * Gives every record of a slice the members that it does not have yet.
 * Output: the keys of the records that got one.
 */
export async function addMembers (
  sql: Sql, tables: Tables, { table, key }: Resource, slice: Slice, { pivot, own, inverse, types }: Members, members: readonly unknown[]
): Promise<string[]> {
  const rows = await sql.query<{ key: string }>(`
    WITH added AS (
      INSERT INTO ${pivot} (${[...own, ...inverse].join(', ')})
      SELECT ${key.columns.map(({ column }) => `t.${column}`).join(', ')}, ${inverse.map((_, index) => memberPart(index, types[index]!)).join(', ')}
      FROM ${table} t
      CROSS JOIN jsonb_array_elements($5::jsonb) AS m (member)
      WHERE ${key.among('t', sliceKeys(tables, key))}
      ON CONFLICT DO NOTHING
      RETURNING ${own.join(', ')}
    )
    SELECT DISTINCT ${key.stored('t')}::text AS key FROM added JOIN ${table} t ON ${joined(key.columns, own, 'added')}`,
  [...sliceValues(slice), JSON.stringify(members)])
  return rows.map(({ key }) => key)
}

/**
 * Takes members from every record of a slice: the given ones, or (`others`) all but these.
 * Output: the keys of the records that lost one.
 */
export async function removeMembers (
  sql: Sql, tables: Tables, { table, key }: Resource, slice: Slice, { pivot, own, inverse, types }: Members,
  members: readonly unknown[], { others }: { others: boolean }
): Promise<string[]> {
  const given = `(${inverse.map((column) => `p.${column}`).join(', ')}) IN (
        SELECT ${inverse.map((_, index) => memberPart(index, types[index]!)).join(', ')} FROM jsonb_array_elements($5::jsonb) AS m (member))`
  const rows = await sql.query<{ key: string }>(`
    WITH removed AS (
      DELETE FROM ${pivot} p USING ${table} t
      WHERE ${joined(key.columns, own, 'p')} AND ${key.among('t', sliceKeys(tables, key))} AND ${others ? 'NOT ' : ''}(${given})
      RETURNING ${key.stored('t')} AS key
    )
    SELECT DISTINCT key::text AS key FROM removed`, [...sliceValues(slice), JSON.stringify(members)])
  return rows.map(({ key }) => key)
}

/** A member is an array of the parts of its key. */
function memberPart (index: number, type: string): string {
  return `(m.member ->> ${index})::${type}`
}

function joined (columns: readonly { column: string }[], own: readonly string[], alias: string): string {
  return columns.map(({ column }, index) => `t.${column} = ${alias}.${own[index]!}`).join(' AND ')
}
