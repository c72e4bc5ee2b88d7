import type { Sql } from '../../database/sql.ts'
import { takeAdvisoryLock } from '../../database/advisory-lock.ts'

/** What the advisory lock of a root is made from. */
export function rootLock (schema: string, root: string): string {
  return `powercrud ${schema} ${root}`
}

/**
 * Lets one launch at a time look for conflicts on a root table, until its transaction ends. Several roots are taken in
 * ascending order, so two launches never wait for each other. Other launches are through in no time; ordinary
 * transactions may share a root (`shareRoot`) for as long as they last.
 * @throws unavailable when an ordinary transaction shares the root for too long
 */
export async function lockRoots (sql: Sql, schema: string, roots: readonly string[]): Promise<void> {
  for (const root of [...new Set(roots)].sort()) {
    await takeAdvisoryLock(sql, rootLock(schema, root), 'another transaction keeps these records from being locked')
  }
}

/**
 * Keeps launches from locking records of a root table until the caller's transaction ends; others that share it are
 * not kept from anything. Who has it may look, and what it saw stays true until its COMMIT.
 */
export async function shareRoot (sql: Sql, schema: string, root: string): Promise<void> {
  await sql.query('SELECT pg_advisory_xact_lock_shared(hashtextextended($1, 0))', [rootLock(schema, root)])
}
