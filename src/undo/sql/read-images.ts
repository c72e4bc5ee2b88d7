import type { Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'
import type { Resource } from '../../resources/resource.ts'
import { inSlice, sliceKeys, sliceValues } from '../../write/sql/slice-keys.ts'
import type { Slice } from '../../write/writer.ts'
import { valueNow, type ImageColumn } from '../image-column.ts'
import { imageRows, imagesOfSlice } from './image-rows.ts'

/** What a record was: its values, named `v0`, `v1` …, as they are read from its columns; members as JSON. */
export interface Image {
  place: number
  key: string
  /** It no longer has what the job wrote. */
  isChanged: boolean
  values: Record<string, unknown>
}

/** Locks a slice's records, and reads what they were before a job wrote them. */
export async function readImages (
  sql: Sql, tables: Tables, resource: Resource, slice: Slice, { jobId, columns }: { jobId: string, columns: readonly ImageColumn[] }
): Promise<Image[]> {
  const { table, key } = resource
  const values = columns.map((column, index) => `image.b${index}${column.kind === 'column' ? typed(column.type) : '::jsonb'} AS v${index}`)
  const isSame = columns.map((column, index) => `${valueNow(resource, column)} IS NOT DISTINCT FROM image.a${index}`).join(' AND ')
  const rows = await sql.query<{ place: number, key: string, is_changed: boolean }>(`
    WITH slice AS MATERIALIZED (
      SELECT s.key::text COLLATE "C" AS key, (s.place + $3::int - 1)::int AS place FROM unnest(${sliceKeys(tables, key)}) WITH ORDINALITY AS s (key, place)
    )
    SELECT slice.place, slice.key, NOT (${isSame}) AS is_changed, ${values.join(', ')}
    FROM ${table} AS t
    JOIN slice ON slice.key = ${key.stored('t')}::text COLLATE "C"
    JOIN ${imageRows(tables, imagesOfSlice, columns.length)} AS image ON image.key = slice.key
    WHERE ${inSlice(tables, resource, 't')}
    ORDER BY slice.place
    FOR NO KEY UPDATE OF t`, [...sliceValues(slice), jobId])
  return rows.map(({ place, key, is_changed: isChanged, ...values }) => ({ place, key, isChanged, values }))
}

function typed (type: string): string {
  return type === '' ? '' : `::${type}`
}
