import { sqlState, type Sql } from './sql.ts'
import { problem } from '../errors.ts'
import { retryAfterSeconds } from './unavailable.ts'

/** The longest wait for a lock. */
const waitMs = 10_000

/**
 * Takes the advisory lock of a name until the transaction ends.
 * @param refusal the error message when another transaction holds it for too long
 * @throws unavailable
 */
export async function takeAdvisoryLock (sql: Sql, name: string, refusal: string): Promise<void> {
  try {
    await sql.query(`
      SELECT set_config('lock_timeout', $2, true), pg_advisory_xact_lock(hashtextextended($1, 0))`, [name, String(waitMs)])
  } catch (error) {
    if (sqlState(error) !== '55P03') throw error
    throw problem('unavailable', `${refusal}; nothing was changed`, { retryAfterSeconds, cause: error })
  }
}
