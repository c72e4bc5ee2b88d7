import type { Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'
import type { Resource } from '../../resources/resource.ts'
import { inSlice, sliceValues } from '../../write/sql/slice-keys.ts'
import type { Slice } from '../../write/writer.ts'

/**
 * Keeps what has become of a slice's records, triggers and hooks included, beside what they were. Where all of them have
 * the same values now, as is usual, each value is kept once.
 *
 * Input: the job, and SQL that makes text of record `t`, for each value.
 */
export async function keepAfter (
  sql: Sql, tables: Tables, resource: Resource, slice: Slice, { jobId, values }: { jobId: string, values: readonly string[] }
): Promise<void> {
  const { table, key } = resource
  const names = values.map((_, index) => `v${index}`)
  const [kept] = await sql.query<{ is_whole: boolean }>(`
    UPDATE ${tables.image} AS image SET after = CASE WHEN told.is_one THEN told.one ELSE told.each END
    FROM (
      SELECT ${names.map((name) => `(min(${name}) IS NOT DISTINCT FROM max(${name}) AND count(${name}) IN (0, count(*)))`).join(' AND ')} AS is_one,
        count(*) AS count, ARRAY[${names.map((name) => `min(${name})`).join(', ')}] AS one, ${names.map((name) => `array_agg(${name})`).join(' || ')} AS each
      FROM (
        SELECT ${values.map((value, index) => `${value} AS v${index}`).join(', ')}
        FROM ${table} AS t WHERE ${inSlice(tables, resource, 't')} ORDER BY ${key.orderBy('t')}
      ) AS seen
    ) AS told
    WHERE image.job_id = $5::uuid AND image.no = $2::int AND image.part = $3::int
    RETURNING cardinality(image.keys) = told.count AS is_whole`, [...sliceValues(slice), jobId])
  if (kept?.is_whole === false) await keepOfThoseLeft(sql, tables, resource, slice, { jobId, values })
}

/** Where a trigger or a hook has taken records away: each value stays at the place of its record, and theirs is null. */
async function keepOfThoseLeft (
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
