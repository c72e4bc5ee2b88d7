import type { Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'

/**
 * The jobs of a user that no worker has: queued ones, and those that wait for records.
 * Input: the user; where the counting may stop. The index is a partial one: what has begun or ended costs nothing here.
 */
export async function countQueuedJobs (sql: Sql, tables: Tables, { userId, atMost }: { userId: string, atMost: number }): Promise<number> {
  const [row] = await sql.query<{ count: number }>(`
    SELECT count(*)::int AS count FROM (
      SELECT FROM ${tables.job} WHERE created_by_id = $1 AND status IN ('queued', 'waiting') LIMIT $2
    ) AS queued`, [userId, atMost])
  return row!.count
}
