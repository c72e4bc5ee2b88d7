import type { Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'
import type { Resource } from '../../resources/resource.ts'
import { inSlice, sliceValues } from '../../write/sql/slice-keys.ts'
import type { RowLock, Slice } from '../../write/writer.ts'

/**
 * Keeps values of a slice's records as they are, and locks the records, so that these are the ones that will be written
 * over. One array has the values of all records, column by column.
 *
 * Input: the job, and SQL that makes text of record `t`, for each value.
 */
export async function keepBefore (
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
