import type { Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'

/** Removes the rows of workers that have not told for long that they live. Output: how many went. */
export async function removeDeadWorkers (sql: Sql, tables: Tables, { before }: { before: Date }): Promise<number> {
  const [row] = await sql.query<{ count: number }>(`
    WITH removed AS (
      DELETE FROM ${tables.worker} WHERE seen_at < $1 RETURNING 1
    )
    SELECT count(*)::int AS count FROM removed`, [before])
  return row!.count
}
