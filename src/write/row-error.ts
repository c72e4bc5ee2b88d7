import type { RowCode } from '../../schemas/results.ts'
import { sqlState, type Sql } from '../database/sql.ts'
import { isPowercrudError, messageOf } from '../errors.ts'
import type { Resource } from '../resources/resource.ts'
import { readConstraintComment } from './sql/read-constraint-comment.ts'

/** Why the database or the application refused a record. */
export interface RowError {
  code: RowCode
  message: string
  field?: string
}

const codes: Readonly<Record<string, RowCode>> = {
  23505: 'unique_violation',
  23503: 'foreign_key_violation',
  23001: 'foreign_key_violation',
  23514: 'check_violation',
  23502: 'not_null_violation',
  '23P01': 'exclusion_violation',
  22001: 'value_too_long',
  22003: 'out_of_range',
  22008: 'out_of_range',
  P0001: 'raised_by_trigger',
  '55P03': 'lock_timeout',
  57014: 'statement_timeout',
  40001: 'serialization_failure',
  '40P01': 'serialization_failure'
}

/** Deadlocks and serialization failures: nobody's fault, the transaction is tried again. */
export function isTransient (error: unknown): boolean {
  return /^40(001|P01)$/.test(sqlState(error) ?? '')
}

/** The row code of an error; undefined for one that is not about a record. */
export function rowCodeOf (error: unknown): RowCode | undefined {
  if (isPowercrudError(error)) return undefined
  const state = sqlState(error)
  return state === undefined ? undefined : codes[state]
}

/** What of a database error may be told: the rule's own comment, where it has one, and never SQL or values. */
export async function describeRowError (sql: Sql, resource: Resource, error: unknown): Promise<RowError> {
  const code = rowCodeOf(error)!
  const { constraint, column, message } = databaseFields(error)
  const property = column === undefined ? undefined : resource.meta.props.find((prop) => prop.fieldNames?.includes(column))?.name
  const comment = constraint === undefined ? undefined : await readConstraintComment(sql, constraint)
  return {
    code,
    message: comment ?? (code === 'raised_by_trigger' && message !== undefined ? message : messageOf(code)),
    ...(property !== undefined && { field: String(property) })
  }
}

/** The fields of a PostgreSQL error report, which MikroORM's exceptions carry along. */
function databaseFields (error: unknown): { constraint?: string, column?: string, message?: string } {
  const { constraint, column, cause, message } = error as { constraint?: string, column?: string, cause?: unknown, message?: string }
  if (constraint !== undefined || column !== undefined || cause === undefined || cause === null) return { constraint, column, message }
  return databaseFields(cause)
}
