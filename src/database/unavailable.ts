import { isConnectionError } from './sql.ts'
import type { Log } from '../log.ts'
import { problem } from '../errors.ts'

/** Seconds after which a client may try again when something cannot be reached. */
export const retryAfterSeconds = 5

/** Runs something that needs the database. @throws unavailable when the database cannot be reached */
export async function reachable<Result> ({ log }: { log: Log }, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    if (!isConnectionError(error)) throw error
    log.error({ err: error }, 'the database cannot be reached')
    throw problem('unavailable', 'the database cannot be reached; nothing was changed', { retryAfterSeconds, cause: error })
  }
}
