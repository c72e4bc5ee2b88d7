import type { Sql } from '../sql.ts'
import type { Tables } from '../tables.ts'

/**
 * Creates the schema and the ledger of migrations, where they are missing. A schema that exists is not asked for again:
 * `CREATE SCHEMA IF NOT EXISTS` wants the right to create one even then.
 */
export async function createLedger (sql: Sql, tables: Tables): Promise<void> {
  const [schema] = await sql.query<{ exists: boolean }>('SELECT to_regnamespace($1) IS NOT NULL AS exists', [tables.schema])
  if (!schema?.exists) await sql.query(`CREATE SCHEMA ${tables.schema}`)
  await sql.query(`CREATE TABLE IF NOT EXISTS ${tables.migration} (
    name text PRIMARY KEY,
    applied_at timestamptz NOT NULL DEFAULT now()
  )`)
}
