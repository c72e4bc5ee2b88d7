import type { Sql } from '../sql.ts'
import type { Tables } from '../tables.ts'

/** `PCMG` in ASCII: the class of the advisory lock; its second half is the schema that is migrated. */
const lockClass = 0x50434d47

/** Waits for the right to migrate this schema; held until the transaction ends, so no death leaves it behind. */
export async function lockMigrations (sql: Sql, tables: Tables): Promise<void> {
  await sql.query('SELECT pg_advisory_xact_lock($1, hashtext($2))', [lockClass, tables.schema])
}
