import type { Sql } from '../../database/sql.ts'
import { rootLock } from './lock-roots.ts'

/**
 * Keeps launches from locking records of a root table until the caller's transaction ends; others that share it are
 * not kept from anything. Who has it may look, and what it saw stays true until its COMMIT.
 */
export async function shareRoot (sql: Sql, schema: string, root: string): Promise<void> {
  await sql.query('SELECT pg_advisory_xact_lock_shared(hashtextextended($1, 0))', [rootLock(schema, root)])
}
