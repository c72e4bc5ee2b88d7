import { setTimeout as delay } from 'node:timers/promises'
import { isTransient } from '../writers/row-error.ts'

const attemptsAtMost = 6
const firstDelayMs = 20

/**
 * Tries a transaction again after a deadlock or a serialization failure, always from its beginning: a retry at the
 * savepoint would keep the row locks that the deadlock was about.
 */
export async function retryTransaction<Result> (attempt: () => Promise<Result>): Promise<Result> {
  for (let count = 1; ; count += 1) {
    try {
      return await attempt()
    } catch (error) {
      if (!isTransient(error) || count === attemptsAtMost) throw error
      // Jitter, so that two jobs that met once do not meet again.
      await delay(firstDelayMs * 2 ** count * (0.5 + Math.random()))
    }
  }
}
