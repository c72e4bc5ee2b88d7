import type { Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'

/** Removes previews that can no longer be executed, some at a time. Output: how many went. */
export async function removeExpiredPreviews (sql: Sql, tables: Tables, { before, limit }: { before: Date, limit: number }): Promise<number> {
  const [row] = await sql.query<{ count: number }>(`
    WITH doomed AS (
      SELECT id FROM ${tables.preview} WHERE expires_at < $1 ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED
    ), removed AS (
      DELETE FROM ${tables.preview} AS preview USING doomed WHERE preview.id = doomed.id RETURNING 1
    )
    SELECT count(*)::int AS count FROM removed`, [before, limit])
  return row!.count
}
