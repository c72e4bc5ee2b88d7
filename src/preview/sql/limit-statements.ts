import type { Sql } from '../../database/sql.ts'

/** Ends the statements of this transaction that take longer from here on, in milliseconds. */
export async function limitStatements (sql: Sql, atMostMs: number): Promise<void> {
  await sql.query("SELECT set_config('statement_timeout', $1, true)", [String(Math.max(1, Math.ceil(atMostMs)))])
}
