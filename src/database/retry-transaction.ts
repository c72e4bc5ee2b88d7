import { setTimeout as delay } from 'node:timers/promises'
import { backoffMs } from '../backoff.ts'
import { isTransient } from './sql.ts'

const maxAttempts = 6
const backoff = { firstMs: 50, maxMs: 2_000 }

/**
 * Retries a transaction after a deadlock or a serialization failure, always from its beginning: a retry at the savepoint
 * would keep the row locks that caused the deadlock.
 */
export async function retryTransaction<Result> (attempt: () => Promise<Result>): Promise<Result> {
  for (let count = 1; ; count += 1) {
    try {
      return await attempt()
    } catch (error) {
      if (!isTransient(error) || count === maxAttempts) throw error
      await delay(backoffMs(backoff, count))
    }
  }
}
