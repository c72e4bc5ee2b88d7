import type { Sql } from '../database/sql.ts'
import type { Tables } from '../database/tables.ts'

/**
 * Creates the schema and the ledger of migrations, if they are missing. An existing schema is not created again:
 * `CREATE SCHEMA IF NOT EXISTS` requires the CREATE privilege even then.
 */
export async function createLedger (sql: Sql, tables: Tables): Promise<void> {
  const [schema] = await sql.query<{ exists: boolean }>('SELECT to_regnamespace($1) IS NOT NULL AS exists', [tables.schema])
  if (!schema?.exists) await sql.query(`CREATE SCHEMA ${tables.schema}`)
  await sql.query(`CREATE TABLE IF NOT EXISTS ${tables.migration} (
    name text PRIMARY KEY,
    applied_at timestamptz NOT NULL DEFAULT now()
  )`)
}

/** The names in the ledger; none while there is no ledger. */
export async function appliedMigrations (sql: Sql, tables: Tables): Promise<Set<string>> {
  const [ledger] = await sql.query<{ exists: boolean }>('SELECT to_regclass($1) IS NOT NULL AS exists', [tables.migration])
  if (!ledger?.exists) return new Set()
  const rows = await sql.query<{ name: string }>(`SELECT name FROM ${tables.migration}`)
  return new Set(rows.map(({ name }) => name))
}

/** Records a migration in the ledger, in the transaction that applied it. */
export async function recordMigration (sql: Sql, tables: Tables, name: string): Promise<void> {
  await sql.query(`INSERT INTO ${tables.migration} (name) VALUES ($1)`, [name])
}

/** `PCMG` in ASCII: the class of the advisory lock; its second key is the schema that is migrated. */
const lockClass = 0x50434d47

/** Takes the lock on migrating this schema; it is held until the transaction ends, so a dead process leaves no lock. */
export async function lockMigrations (sql: Sql, tables: Tables): Promise<void> {
  await sql.query('SELECT pg_advisory_xact_lock($1, hashtext($2))', [lockClass, tables.schema])
}
