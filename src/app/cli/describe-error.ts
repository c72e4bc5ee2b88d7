import { isPowercrudError } from '../../errors.ts'
import { isConnectionError, sqlState } from '../../database/sql.ts'

/** Rejections by PostgreSQL that the operator can fix: no such role, wrong password, no such database, missing privilege. */
const rejections = /^(28000|28P01|3D000|42501)$/

/** One line for an error that says what is wrong; any other with its stack, since it is a bug, or the application's own. */
export function describeError (error: unknown): string {
  if (isPowercrudError(error, 'internal')) return stackOf(error.cause ?? error)
  if (isPowercrudError(error)) return error.message
  if (isConnectionError(error)) return `the database cannot be reached: ${messageOf(error)}`
  if (rejections.test(sqlState(error) ?? '')) return `the database refuses: ${messageOf(error)}`
  return stackOf(error)
}

function stackOf (error: unknown): string {
  return error instanceof Error ? error.stack ?? error.message : String(error)
}

/** Where a host has several addresses, Node has an error for each and none of its own. */
function messageOf (error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(messageOf).join('; ')
  return error instanceof Error ? error.message : String(error)
}
