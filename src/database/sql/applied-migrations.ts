import type { Sql } from '../sql.ts'
import type { Tables } from '../tables.ts'

/** The names in the ledger; none while there is no ledger. */
export async function appliedMigrations (sql: Sql, tables: Tables): Promise<Set<string>> {
  const [ledger] = await sql.query<{ exists: boolean }>('SELECT to_regclass($1) IS NOT NULL AS exists', [tables.migration])
  if (!ledger?.exists) return new Set()
  const rows = await sql.query<{ name: string }>(`SELECT name FROM ${tables.migration}`)
  return new Set(rows.map(({ name }) => name))
}
