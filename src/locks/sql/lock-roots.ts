import type { Sql } from '../../database/sql.ts'

/**
 * Lets one launch at a time look for conflicts on a root table, until its transaction ends. Several roots are taken in
 * ascending order, so two launches never wait for each other.
 */
export async function lockRoots (sql: Sql, schema: string, roots: readonly string[]): Promise<void> {
  for (const root of [...new Set(roots)].sort()) {
    await sql.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`powercrud ${schema} ${root}`])
  }
}
