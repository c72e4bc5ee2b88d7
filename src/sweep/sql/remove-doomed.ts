import type { Sql } from '../../database/sql.ts'

/**
 * Removes rows by their key, some at a time: `doomed` is a SELECT of the keys with a LIMIT that takes the rows
 * `FOR UPDATE … SKIP LOCKED`. In a WITH, since a planner may run a subquery again and again, each time for other rows.
 * Output: how many went.
 */
export async function removeDoomed (
  sql: Sql, { table, key, doomed }: { table: string, key: readonly string[], doomed: string }, values: readonly unknown[]
): Promise<number> {
  const [row] = await sql.query<{ count: number }>(`
    WITH doomed AS (${doomed}
    ), removed AS (
      DELETE FROM ${table} AS going USING doomed
      WHERE ${key.map((column) => `going.${column} = doomed.${column}`).join(' AND ')}
      RETURNING 1
    )
    SELECT count(*)::int AS count FROM removed`, values)
  return row!.count
}
