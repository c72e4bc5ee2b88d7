import { isConnectionError } from './sql.ts'
import type { Log } from '../log.ts'
import { isPowercrudError, problem, type PowercrudError } from '../errors.ts'

/** `Retry-After` of a response when the database, queue or live store is not available. */
export const retryAfterSeconds = 5

/**
 * Runs `work`, and maps a connection error to a response for clients.
 * @throws unavailable when the database cannot be reached, busy when no connection was free in time
 */
export async function mapConnectionErrors<Result> ({ log }: { log: Log }, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    if (!isConnectionError(error)) throw error
    throw connectionProblem(error, log)
  }
}

/** The answer to clients on a connection error. A busy pool is no failure of the database. */
export function connectionProblem (cause: unknown, log: Log): PowercrudError {
  if (isPowercrudError(cause, 'pool_busy')) {
    log.warn({ err: cause }, 'no connection was free in time')
    return problem('busy', undefined, { retryAfterSeconds, cause })
  }
  log.error({ err: cause }, 'the database cannot be reached')
  return problem('unavailable', 'the database cannot be reached; nothing was changed', { retryAfterSeconds, cause })
}
