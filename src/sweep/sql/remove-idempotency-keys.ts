import type { Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'

/** Removes idempotency keys that are older than an instant, some at a time. Output: how many went. */
export async function removeIdempotencyKeys (sql: Sql, tables: Tables, { before, limit }: { before: Date, limit: number }): Promise<number> {
  const [row] = await sql.query<{ count: number }>(`
    WITH doomed AS (
      SELECT key_hash FROM ${tables.idempotency} WHERE created_at < $1 ORDER BY created_at LIMIT $2 FOR UPDATE SKIP LOCKED
    ), removed AS (
      DELETE FROM ${tables.idempotency} AS used USING doomed WHERE used.key_hash = doomed.key_hash RETURNING 1
    )
    SELECT count(*)::int AS count FROM removed`, [before, limit])
  return row!.count
}
