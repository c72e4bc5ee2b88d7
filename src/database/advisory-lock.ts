import { sqlState, type Sql } from './sql.ts'
import { problem } from '../errors.ts'
import { retryAfterSeconds } from './unavailable.ts'

/** How long a name is waited for. */
const waitMs = 10_000

/**
 * Takes the advisory lock of a name until the transaction ends.
 * @param refusal what to say where somebody has it for too long
 * @throws unavailable
 */
export async function lockName (sql: Sql, name: string, refusal: string): Promise<void> {
  try {
    await sql.query(`
      SELECT set_config('lock_timeout', $2, true), pg_advisory_xact_lock(hashtextextended($1, 0))`, [name, String(waitMs)])
  } catch (error) {
    if (sqlState(error) !== '55P03') throw error
    throw problem('unavailable', `${refusal}; nothing was changed`, { retryAfterSeconds, cause: error })
  }
}
