import type { Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'

/** Removes the rows of workers that have been silent for longer than `silentMs`; answers how many. One that lives comes back by itself. */
export async function forgetDeadWorkers (sql: Sql, tables: Tables, silentMs: number): Promise<number> {
  const rows = await sql.query(`
    DELETE FROM ${tables.worker}
    WHERE seen_at < now() - $1 * interval '1 millisecond'
    RETURNING id`,
  [silentMs])
  return rows.length
}
