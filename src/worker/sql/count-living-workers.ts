import type { Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'

/** How many workers told within `livingMs` that they live, and have not stopped since. */
export async function countLivingWorkers (sql: Sql, tables: Tables, livingMs: number): Promise<number> {
  const [row] = await sql.query<{ living: number }>(`
    SELECT count(*)::int AS living FROM ${tables.worker} WHERE stopped_at IS NULL AND seen_at > now() - $1 * interval '1 ms'`, [livingMs])
  return row!.living
}
