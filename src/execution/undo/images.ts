// The images of a job: the values of its records before and after it wrote them.

import type { Tables } from '../../database/tables.ts'
import type { Sql } from '../../database/sql.ts'
import type { Resource } from '../../entities/resource.ts'
import { inSlice, sliceValues, sliceKeys } from '../writers/slices.ts'
import type { RowLock, Slice } from '../../engine/writer.ts'
import { isCurrentValue, type ImageColumn } from './image-column.ts'

/** The parameters of a statement that identify a chunk's images: `$1`, `$2`. */
export interface ImageParameters {
  job: string
  no: string
}

/** In a statement with the parameters of a slice, and the job after them. */
export const imagesOfSlice: ImageParameters = { job: '$5', no: '$2' }

/**
 * SQL: the values of a chunk's records before and after a job wrote them, as rows `(key, b0, b1 …, a0, a1 …)`, all as text.
 */
export function imageRows ({ image }: Tables, { job, no }: ImageParameters, count: number): string {
  const columns = Array.from({ length: count }, (_, index) => index)
  const each = (array: string, index: number) => `i.${array}[${index} * size.n + 1 : ${index + 1} * size.n]`
  const after = (index: number) => `CASE WHEN cardinality(i.after) = ${count} THEN array_fill(i.after[${index + 1}], ARRAY[size.n]) ELSE ${each('after', index)} END`
  const arrays = ['i.keys', ...columns.map((index) => each('before', index)), ...columns.map(after)]
  return `(
    SELECT e.* FROM ${image} AS i
    CROSS JOIN LATERAL (SELECT cardinality(i.keys) AS n) AS size
    CROSS JOIN LATERAL unnest(${arrays.join(', ')}) AS e (key, ${[...columns.map((index) => `b${index}`), ...columns.map((index) => `a${index}`)].join(', ')})
    WHERE i.job_id = ${job}::uuid AND i.no = ${no}::int)`
}

/** SQL: the deleted records of a chunk, as rows `(key, document)`. */
export function deletedRows ({ image }: Tables, { job, no }: ImageParameters): string {
  return `(
    SELECT e.key, e.document::json AS document FROM ${image} AS i
    CROSS JOIN LATERAL unnest(i.keys, i.before) AS e (key, document)
    WHERE i.job_id = ${job}::uuid AND i.no = ${no}::int)`
}

/**
 * Stores the values of a slice's records before they are written, and locks the records, so that these are the values that
 * will be overwritten. One array has the values of all records, column by column.
 *
 * Input: the slice, the job, one SQL expression per value (text, of record `t`), the strength of the lock. No output.
 */
export async function insertBeforeImages (
  sql: Sql, tables: Tables, resource: Resource, slice: Slice, { jobId, values, lock }: { jobId: string, values: readonly string[], lock: RowLock }
): Promise<void> {
  const { table, key } = resource
  await sql.query(`
    INSERT INTO ${tables.image} (job_id, no, part, keys, before)
    SELECT $5::uuid, $2::int, $3::int, array_agg(seen.key), ${values.map((_, index) => `array_agg(v${index})`).join(' || ')}
    FROM (
      SELECT ${key.stored('t')}::text COLLATE "C" AS key, ${values.map((value, index) => `${value} AS v${index}`).join(', ')}
      FROM ${table} AS t WHERE ${inSlice(tables, resource, 't')} ORDER BY ${key.orderBy('t')} FOR ${lock} OF t
    ) AS seen
    HAVING count(*) > 0
    ON CONFLICT DO NOTHING`, [...sliceValues(slice), jobId])
}

/**
 * Stores the values of a slice's records after they were written, with what triggers and hooks have changed, beside the
 * values before. Where all records have the same values now, as is usual, each value is stored once.
 *
 * Input: the slice, the job, one SQL expression per value (text, of record `t`). No output.
 */
export async function recordAfterImages (
  sql: Sql, tables: Tables, resource: Resource, slice: Slice, { jobId, values }: { jobId: string, values: readonly string[] }
): Promise<void> {
  const { table, key } = resource
  const names = values.map((_, index) => `v${index}`)
  const [kept] = await sql.query<{ is_whole: boolean }>(`
    UPDATE ${tables.image} AS image SET after = CASE WHEN written.is_one THEN written.one ELSE written.each END
    FROM (
      SELECT ${names.map((name) => `(min(${name}) IS NOT DISTINCT FROM max(${name}) AND count(${name}) IN (0, count(*)))`).join(' AND ')} AS is_one,
        count(*) AS count, ARRAY[${names.map((name) => `min(${name})`).join(', ')}] AS one, ${names.map((name) => `array_agg(${name})`).join(' || ')} AS each
      FROM (
        SELECT ${values.map((value, index) => `${value} AS v${index}`).join(', ')}
        FROM ${table} AS t WHERE ${inSlice(tables, resource, 't')} ORDER BY ${key.orderBy('t')}
      ) AS seen
    ) AS written
    WHERE image.job_id = $5::uuid AND image.no = $2::int AND image.part = $3::int
    RETURNING cardinality(image.keys) = written.count AS is_whole`, [...sliceValues(slice), jobId])
  if (kept?.is_whole === false) await recordAfterImagesOfRemaining(sql, tables, resource, slice, { jobId, values })
}

/**
 * Where a trigger or a hook has deleted some of the records: each value stays at the place of its record, and those of the
 * deleted records are null.
 *
 * Input: the slice, the job, one SQL expression per value (text, of record `t`). No output.
 */
async function recordAfterImagesOfRemaining (
  sql: Sql, tables: Tables, resource: Resource, slice: Slice, { jobId, values }: { jobId: string, values: readonly string[] }
): Promise<void> {
  const { table, key } = resource
  const names = values.map((_, index) => `v${index}`)
  await sql.query(`
    UPDATE ${tables.image} AS image SET after = (
      SELECT ${names.map((name) => `array_agg(seen.${name} ORDER BY kept.place)`).join(' || ')}
      FROM unnest(image.keys) WITH ORDINALITY AS kept (key, place)
      LEFT JOIN (
        SELECT ${key.stored('t')}::text COLLATE "C" AS key, ${values.map((value, index) => `${value} AS v${index}`).join(', ')}
        FROM ${table} AS t WHERE ${inSlice(tables, resource, 't')}
      ) AS seen ON seen.key = kept.key
    )
    WHERE image.job_id = $5::uuid AND image.no = $2::int AND image.part = $3::int`, [...sliceValues(slice), jobId])
}

/** The values of a record before a job wrote it, named `v0`, `v1` …, as they are read from its columns; members as JSON. */
export interface Image {
  place: number
  key: string
  /** It no longer has the values that the job wrote. */
  isChanged: boolean
  values: Record<string, unknown>
}

/**
 * Locks a slice's records, and reads their values before a job wrote them.
 *
 * Input: the slice, the job, the columns of its images. Output: an image per record that exists, in the order of the chunk.
 */
export async function readImages (
  sql: Sql, tables: Tables, resource: Resource, slice: Slice, { jobId, columns }: { jobId: string, columns: readonly ImageColumn[] }
): Promise<Image[]> {
  const { table, key } = resource
  const values = columns.map((column, index) => `image.b${index}${column.kind === 'column' ? typed(column.type) : '::jsonb'} AS v${index}`)
  const isSame = columns.map((column, index) => isCurrentValue(resource, column, `image.a${index}`)).join(' AND ')
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
