import type { Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'

/** Deletes what is past its TTL; resolves to the number of rows. */
export async function removeExpiredProgress (sql: Sql, tables: Tables, ttlMs: number): Promise<number> {
  const [row] = await sql.query<{ count: number }>(`
    WITH removed AS (
      DELETE FROM ${tables.liveProgress} WHERE updated_at <= now() - $1 * interval '1 millisecond' RETURNING 1
    )
    SELECT count(*)::int AS count FROM removed`, [ttlMs])
  return row?.count ?? 0
}
