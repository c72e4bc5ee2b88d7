import { sqlState, type Sql } from '../../database/sql.ts'
import { problem } from '../../errors.ts'

/**
 * How long a launch waits for a root. Other launches are through in no time; ordinary transactions may share it
 * (`shareRoot`) for as long as they last.
 */
const waitMs = 10_000
const retryAfterSeconds = 5

/** What the advisory lock of a root is made from. */
export function rootLock (schema: string, root: string): string {
  return `powercrud ${schema} ${root}`
}

/**
 * Lets one launch at a time look for conflicts on a root table, until its transaction ends. Several roots are taken in
 * ascending order, so two launches never wait for each other.
 * @throws unavailable when an ordinary transaction shares the root for too long
 */
export async function lockRoots (sql: Sql, schema: string, roots: readonly string[]): Promise<void> {
  try {
    for (const root of [...new Set(roots)].sort()) {
      await sql.query(`
        SELECT set_config('lock_timeout', $2, true), pg_advisory_xact_lock(hashtextextended($1, 0))`, [rootLock(schema, root), String(waitMs)])
    }
  } catch (error) {
    if (sqlState(error) !== '55P03') throw error
    throw problem('unavailable', 'another transaction keeps these records from being locked; nothing was changed', { retryAfterSeconds, cause: error })
  }
}
