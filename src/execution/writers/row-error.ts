import type { EntityMetadata, EntityProperty } from '@mikro-orm/core'
import { rowCodes, type RowCode } from '../../../schemas/results.ts'
import { isConnectionError, sqlState, type Sql } from '../../database/sql.ts'
import type { EngineResource } from '../../engine/engine.ts'
import { readConstraint, type ConstraintFacts } from '../../entities/catalog.ts'
import { isPowercrudError, messageOf, type PowercrudError } from '../../errors.ts'

/** Why the database or the application refused a record. */
export interface RowError {
  code: RowCode
  message: string
  field?: string
}

/** SQLSTATEs that are about a record, and what they are called. */
const codes: Readonly<Record<string, RowCode>> = {
  23505: 'unique_violation',
  23503: 'foreign_key_violation',
  23001: 'foreign_key_violation',
  23514: 'check_violation',
  44000: 'check_violation',
  23502: 'not_null_violation',
  '23P01': 'exclusion_violation',
  22001: 'value_too_long',
  22003: 'out_of_range',
  22008: 'out_of_range',
  22015: 'out_of_range',
  P0001: 'raised_by_trigger',
  '55P03': 'lock_timeout',
  57014: 'statement_timeout',
  40001: 'serialization_failure',
  '40P01': 'serialization_failure'
}

/** Classes of SQLSTATEs that functions raise: no data, too many rows, failed assertions, cases not found, changes by a trigger. */
const raisedByFunctions = /^(09|20|21|27|2F|38|39|P0)/

/** The fields of an error report of PostgreSQL, which MikroORM's exceptions carry along. */
interface ErrorReport {
  schema?: string
  table?: string
  column?: string
  constraint?: string
  /** The place in PostgreSQL's source that raised it. */
  routine?: string
  /** The functions and statements in which it was raised. */
  where?: string
  message?: string
}

/** The row code of an error; undefined for one that is not about a record. */
export function rowCodeOf (error: unknown): RowCode | undefined {
  if (isPowercrudError(error)) return (rowCodes as readonly string[]).includes(error.code) ? error.code as RowCode : undefined
  const state = sqlState(error)
  if (state === undefined || isConnectionError(error)) return undefined
  if (codes[state] !== undefined) return codes[state]
  const { routine, where } = reportOf(error)
  if (routine === 'ExecWithCheckOptions') return 'rule_refused'
  if (routine === 'exec_stmt_raise' || raisedByFunctions.test(state)) return 'raised_by_trigger'
  // Other data exceptions and integrity violations: a check, a domain or a generated column could not take the value.
  if (/^2[23]/.test(state)) return 'check_violation'
  // With another code only what was raised inside of a function is about a record; other errors are about the statement.
  return where === undefined ? undefined : 'raised_by_trigger'
}

/** What one of our own errors says of a record. */
export function rowErrorOf (error: PowercrudError): RowError {
  return { code: error.code as RowCode, message: error.message, ...fieldMember(error.errors?.[0]?.path || undefined) }
}

/** Describes errors by the messages of the application where it has any; caches the constraints that it has read. */
export interface RowErrorDescriber {
  describe (sql: Sql, error: unknown): Promise<RowError>
}

/**
 * @param fields the properties that are being written, where an error report leaves open which one is at fault
 */
export function rowErrorDescriber (resource: EngineResource, fields: readonly string[]): RowErrorDescriber {
  const known = new Map<string, ConstraintFacts | undefined>()

  const factsOf = async (sql: Sql, { schema, table, constraint }: ErrorReport) => {
    if (schema === undefined || table === undefined || constraint === undefined) return undefined
    const name = JSON.stringify([schema, table, constraint])
    if (!known.has(name)) known.set(name, await readConstraint(sql, { schema, table, constraint }))
    return known.get(name)
  }

  return {
    async describe (sql, error) {
      const code = rowCodeOf(error)!
      if (isPowercrudError(error)) return rowErrorOf(error)
      const report = reportOf(error)
      const facts = await factsOf(sql, report)
      const own = report.constraint === undefined ? undefined : resource.options.constraintMessages?.[report.constraint]
      const raised = report.routine === 'exec_stmt_raise' ? report.message : undefined
      return { code, message: own ?? facts?.comment ?? raised ?? messageOf(code), ...fieldMember(fieldAtFault(resource, fields, code, report, facts)) }
    }
  }
}

function fieldMember (field: string | undefined): { field?: string } {
  return field === undefined ? {} : { field }
}

/** The property that an error is about, where that is certain. */
function fieldAtFault ({ meta, table }: EngineResource, fields: readonly string[], code: RowCode, report: ErrorReport, facts: ConstraintFacts | undefined): string | undefined {
  if (code === 'value_too_long') return only(fields.filter((name) => hasColumnType(meta, name, /char.*\(\d+\)|^char/)))
  if (code === 'out_of_range') return only(fields.filter((name) => hasColumnType(meta, name, /int|serial|numeric|decimal|real|double|float|date|time|interval/)))
  // Another table has its own columns: those that refer to this one, or what a trigger writes.
  if (report.table !== undefined && !table.endsWith(`"${report.table.replaceAll('"', '""')}"`)) return undefined
  const columns = report.column !== undefined ? [report.column] : facts?.columns ?? []
  const properties = [...new Set(columns.flatMap((column) => propertyOf(meta, column) ?? []))]
  return only(properties) ?? only(properties.filter((name) => fields.includes(name)))
}

function only (names: readonly string[]): string | undefined {
  return names.length === 1 ? names[0] : undefined
}

function hasColumnType (meta: EntityMetadata, name: string, type: RegExp): boolean {
  const prop = meta.properties[name as never] as EntityProperty | undefined
  return prop?.columnTypes?.some((columnType) => type.test(columnType)) ?? false
}

/** The property that a column belongs to; of embedded objects the outermost one. */
function propertyOf (meta: EntityMetadata, column: string): string | undefined {
  let prop: EntityProperty | undefined = meta.props.find(({ fieldNames }) => fieldNames?.includes(column))
  while (prop?.embedded !== undefined) prop = meta.properties[prop.embedded[0] as never]
  return prop?.name
}

function reportOf (error: unknown): ErrorReport {
  const report = error as ErrorReport & { cause?: unknown }
  const isBare = report.routine === undefined && report.constraint === undefined && report.column === undefined
  return isBare && typeof report.cause === 'object' && report.cause !== null ? reportOf(report.cause) : report
}
