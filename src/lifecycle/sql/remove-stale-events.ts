import type { Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'

/** Gives up events that could not be delivered for very long, or that nobody hears of any more. Output: how many. */
export async function removeStaleEvents (sql: Sql, tables: Tables, { before }: { before: Date }): Promise<number> {
  const [row] = await sql.query<{ count: number }>(`
    WITH removed AS (
      DELETE FROM ${tables.outbox} WHERE created_at < $1 RETURNING 1
    )
    SELECT count(*)::int AS count FROM removed`, [before])
  return row!.count
}
