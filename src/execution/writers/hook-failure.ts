import { isConnectionError, sqlState } from '../../database/sql.ts'
import { isPowercrudError, messageOf, problem, type PowercrudError } from '../../errors.ts'

/**
 * What code of the application throws while it writes is an error of a record, whatever it is, and its message is for the log
 * only; errors of the database and our own problems are passed on unchanged.
 */
export function asRecordError (error: unknown): unknown {
  if (isPowercrudError(error) || sqlState(error) !== undefined || isConnectionError(error)) return error
  return problem('hook_failed', undefined, { cause: error })
}

/**
 * The error with which a hook, a subscriber or a persistence class refuses a record in words that people may read.
 * @param field the property at fault
 */
export function recordRefused (message: string = messageOf('rule_refused'), field?: string, cause?: unknown): PowercrudError {
  return problem('rule_refused', message, { ...(typeof field === 'string' && { errors: [{ path: field, message }] }), ...(cause !== undefined && { cause }) })
}
