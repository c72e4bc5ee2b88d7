// The records of an undone delete, inserted again, and the rows of pivot tables, also those of an undone update.

import { quote, type Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'
import type { Resource } from '../../entities/resource.ts'
import { readColumns, type TableColumn } from '../../entities/catalog.ts'
import { sliceKeys, sliceValues, inSlice } from '../writers/slices.ts'
import type { Slice } from '../../engine/writer.ts'
import { refersTo, type PivotTable } from './referrers.ts'
import { deletedRows, imagesOfSlice, imageRows } from './images.ts'
import type { Pivot } from '../writers/members.ts'
import { isAbout } from '../writers/member-rows.ts'

/** The outcome for a deleted record. */
export interface Restored {
  place: number
  /** The stored key. */
  key: string
  is_restored: boolean
  /** Other records referred to it when it was deleted. */
  took_others: boolean
}

/**
 * Inserts the deleted records of a slice again, except those whose key is in use again, and those to which other records
 * referred.
 *
 * Input: the slice, the undone job. Output: an outcome per record, in the order of the chunk.
 */
export async function restoreRecords (sql: Sql, tables: Tables, { table, key }: Resource, slice: Slice, jobId: string): Promise<Restored[]> {
  const columns = await writableColumns(sql, table)
  return sql.query<Restored>(`
    WITH slice AS MATERIALIZED (
      SELECT s.key::text COLLATE "C" AS key, (s.place + $3::int - 1)::int AS place FROM unnest(${sliceKeys(tables, key)}) WITH ORDINALITY AS s (key, place)
    ), deleted AS MATERIALIZED (
      SELECT slice.key, slice.place, image.document -> 'row' AS row, (image.document ->> 'tookOthers')::boolean IS TRUE AS took_others
      FROM slice LEFT JOIN ${deletedRows(tables, imagesOfSlice)} AS image USING (key)
    ), restored AS (
      INSERT INTO ${table} AS t (${namesOf(columns)}) OVERRIDING SYSTEM VALUE
      SELECT ${columns.map(({ name }) => `record.${quote(name)}`).join(', ')}
      FROM deleted CROSS JOIN LATERAL (
        SELECT ${columns.map(({ name, type }) => `stored.${quote(name)}::${type} AS ${quote(name)}`).join(', ')}
        FROM json_to_record(deleted.row) AS stored (${columns.map(({ name }) => `${quote(name)} text`).join(', ')})
      ) AS record
      WHERE deleted.row IS NOT NULL AND NOT deleted.took_others
        AND NOT EXISTS (SELECT FROM ${table} AS t WHERE ${key.columns.map(({ column }) => `t.${column} = record.${column}`).join(' AND ')})
      RETURNING ${key.stored('t')}::text COLLATE "C" AS key
    )
    SELECT deleted.place, deleted.key, restored.key IS NOT NULL AS is_restored, deleted.took_others
    FROM deleted LEFT JOIN restored USING (key) ORDER BY deleted.place`, [...sliceValues(slice), jobId])
}

/**
 * Inserts the rows of a pivot table again that were deleted with the records of a chunk. One between two of the records is
 * inserted with the second.
 *
 * Input: the undone job, the number of the chunk, the pivot table, the stored keys of the restored records. No output.
 */
export async function restorePivotRows (
  sql: Sql, tables: Tables, { table: records }: Resource, { jobId, no, pivot, keys }: { jobId: string, no: number, pivot: PivotTable, keys: readonly string[] }
): Promise<void> {
  const { table, references } = pivot
  const columns = await writableColumns(sql, table)
  const isWhole = references.map((reference) => `EXISTS (SELECT FROM ${records} AS t WHERE ${refersTo(reference, 'p')})`).join(' AND ')
  await sql.query(`
    INSERT INTO ${table} (${namesOf(columns)}) OVERRIDING SYSTEM VALUE
    SELECT ${columns.map(({ name }) => `p.${quote(name)}`).join(', ')}
    FROM ${deletedRows(tables, { job: '$1', no: '$2' })} AS image
    CROSS JOIN LATERAL json_populate_recordset(NULL::${table}, image.document #> ARRAY['pivots', $3::text]) AS p
    WHERE image.key = ANY($4::text[]) AND ${isWhole}
    ON CONFLICT DO NOTHING`, [jobId, no, table, keys])
}

async function writableColumns (sql: Sql, table: string): Promise<TableColumn[]> {
  return [...(await readColumns(sql, table)).values()].filter(({ generated }) => !generated)
}

function namesOf (columns: readonly TableColumn[]): string {
  return columns.map(({ name }) => quote(name)).join(', ')
}

/**
 * Restores the members that records of a slice had. Pivot rows of members that stay are not written, unless the table
 * keeps an order.
 *
 * Input: the slice, the undone job, how many values its images have, which of them is this field's, the stored keys of the
 * records. No output.
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
