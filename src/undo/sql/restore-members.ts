import type { Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'
import type { Resource } from '../../resources/resource.ts'
import type { Pivot } from '../../write/members.ts'
import { isAbout } from '../../write/sql/members-of-slice.ts'
import { inSlice, sliceValues } from '../../write/sql/slice-keys.ts'
import type { Slice } from '../../write/writer.ts'
import { imageRows, imagesOfSlice } from './image-rows.ts'

/**
 * Gives records of a slice the members back that they had. Rows of the pivot table that stay are left alone, unless
 * their order is kept.
 *
 * Input: the job that is undone, how many values its images have, which of them is this field's, the records' stored keys.
 */
export async function restoreMembers (
  sql: Sql, tables: Tables, resource: Resource, slice: Slice,
  { jobId, count, index, pivot, keys }: { jobId: string, count: number, index: number, pivot: Pivot, keys: readonly string[] }
): Promise<void> {
  const { table, key } = resource
  const values = [...sliceValues(slice), jobId, keys]
  const own = key.columns.map(({ column }) => column)
  const records = `
    image AS MATERIALIZED (SELECT key, b${index}::jsonb AS members FROM ${imageRows(tables, imagesOfSlice, count)} AS i WHERE key = ANY($6::text[])),
    records AS MATERIALIZED (
      SELECT ${own.map((column) => `t.${column}`).join(', ')}, image.members FROM ${table} AS t
      JOIN image ON image.key = ${key.stored('t')}::text COLLATE "C" WHERE ${inSlice(tables, resource, 't')}
    )`
  const stays = pivot.order === undefined
    ? `t.members @> jsonb_build_array(jsonb_build_array(${pivot.inverse.map((column) => `p.${column}::text`).join(', ')}))`
    : 'false'
  await sql.query(`
    WITH ${records}
    DELETE FROM ${pivot.table} AS p USING records AS t WHERE ${isAbout(resource, pivot, 'p')} AND NOT (${stays})`, values)
  const parts = pivot.casts.map((cast, place) => `(m.member ->> ${place})${cast}`)
  await sql.query(`
    WITH ${records}
    INSERT INTO ${pivot.table} (${[...pivot.own, ...pivot.inverse].join(', ')})
    SELECT ${[...own.map((column) => `t.${column}`), ...parts].join(', ')}
    FROM records AS t CROSS JOIN LATERAL jsonb_array_elements(t.members) WITH ORDINALITY AS m (member, place)
    WHERE NOT EXISTS (
      SELECT FROM ${pivot.table} p
      WHERE ${isAbout(resource, pivot, 'p')} AND ${pivot.inverse.map((column, place) => `p.${column} = ${parts[place]}`).join(' AND ')}
    )
    ORDER BY ${own.map((column) => `t.${column}`).join(', ')}, m.place`, values)
}
