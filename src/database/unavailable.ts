import { isConnectionError } from './sql.ts'
import type { Log } from '../log.ts'
import { problem } from '../errors.ts'

/** `Retry-After` of a response when the database, queue or live store is not available. */
export const retryAfterSeconds = 5

/**
 * Runs `work`, and maps a connection error to a response for clients.
 * @throws unavailable when the database cannot be reached
 */
export async function mapConnectionErrors<Result> ({ log }: { log: Log }, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    if (!isConnectionError(error)) throw error
    log.error({ err: error }, 'the database cannot be reached')
    throw problem('unavailable', 'the database cannot be reached; nothing was changed', { retryAfterSeconds, cause: error })
  }
}
