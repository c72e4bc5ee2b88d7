import { serialize, type AnyEntity } from '@mikro-orm/core'
import type { EntityManager } from '@mikro-orm/postgresql'
import type { TSchema } from '@sinclair/typebox'
import { Ajv, type ErrorObject } from 'ajv'
import ajvFormats from 'ajv-formats'
import { isConnectionError, sqlState } from '../database/sql.ts'
import { isPowercrudError, messageOf, problem } from '../errors.ts'
import type { RecordCheck } from '../options/plugin-options.ts'

/** What a rule of the application gets to know beside the record. */
export interface RuleContext {
  /** In the transaction of the job. */
  readonly em: EntityManager
  /** The name of the resource. */
  readonly resource: string
  /** The change set, as it came in JSON. */
  readonly set: Readonly<Record<string, unknown>>
  /** Who launched the job; null where nobody is known. */
  readonly user: { readonly id: string, readonly label: string } | null
}

/** Throws `rule_refused`, with the field where it is known, for a changed record that must not be. */
export type Rule = (entity: AnyEntity, context: RuleContext) => Promise<void>

/** Makes a rule of the option `validate`: a schema of the record as it is in JSON, or a function that throws or answers why. */
export function ruleOf (validate: RecordCheck | TSchema): Rule {
  return typeof validate === 'function' ? ruleOfFunction(validate as RecordCheck) : ruleOfSchema(validate as TSchema)
}

function ruleOfSchema (schema: TSchema): Rule {
  const ajv = new Ajv({ strict: false, allErrors: false })
  ajvFormats.default(ajv)
  const isValid = ajv.compile(schema)
  return async (entity) => {
    const record = JSON.parse(JSON.stringify(serialize(entity), (_, value) => typeof value === 'bigint' ? value.toString() : value))
    if (!isValid(record)) throw refusalOfSchema(isValid.errors![0]!)
  }
}

function refusalOfSchema ({ instancePath, keyword, params, message }: ErrorObject) {
  const [, first] = instancePath.split('/')
  const field = first ?? (keyword === 'required' ? (params as { missingProperty: string }).missingProperty : undefined)
  return refused(`${field === undefined ? 'the record' : field} ${message ?? 'is not valid'}`, field)
}

/** A string, or an object with a message, is why; false refuses without saying. Anything else lets the record pass. */
function ruleOfFunction (check: RecordCheck): Rule {
  return async (entity, context) => {
    let verdict: unknown
    try {
      verdict = await check(entity, context)
    } catch (error) {
      throw refusalOfError(error)
    }
    if (verdict === false) throw refused()
    if (typeof verdict === 'string') throw refused(verdict)
    if (isRefusal(verdict)) throw refused(verdict.message, verdict.field)
  }
}

function isRefusal (verdict: unknown): verdict is { message: string, field?: string } {
  return typeof verdict === 'object' && verdict !== null && typeof (verdict as { message?: unknown }).message === 'string'
}

/** What a rule throws is meant for people; what the database or a slip of the pen throws is not. */
function refusalOfError (error: unknown): unknown {
  if (isPowercrudError(error) || sqlState(error) !== undefined || isConnectionError(error)) return error
  const isSlip = [TypeError, ReferenceError, RangeError, SyntaxError].some((kind) => error instanceof kind)
  if (isSlip || !isRefusal(error)) return problem('hook_failed', undefined, { cause: error })
  return refused(error.message, error.field, error)
}

function refused (message: string = messageOf('rule_refused'), field?: string, cause?: unknown) {
  return problem('rule_refused', message, { ...(typeof field === 'string' && { errors: [{ path: field, message }] }), ...(cause !== undefined && { cause }) })
}
