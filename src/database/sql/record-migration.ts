import type { Sql } from '../sql.ts'
import type { Tables } from '../tables.ts'

/** Enters a migration in the ledger, in the transaction that applied it. */
export async function recordMigration (sql: Sql, tables: Tables, name: string): Promise<void> {
  await sql.query(`INSERT INTO ${tables.migration} (name) VALUES ($1)`, [name])
}
