import { serialize, type AnyEntity } from '@mikro-orm/core'
import type { TSchema } from '@sinclair/typebox'
import type { ErrorObject } from 'ajv'
import type { RecordCheck } from '../../engine/resource-options.ts'
import type { RuleContext } from '../../engine/rule.ts'
import { buildAjv } from '../../validation/ajv.ts'
import { asRecordError, recordRefused } from './hook-failure.ts'

/** Throws `rule_refused`, with the field where it is known, for a changed record that must not be. */
export type RecordValidator = (entity: AnyEntity, context: RuleContext) => Promise<void>

/** Makes a rule of the option `validate`: a schema of the record as it is in JSON, or a function that throws or answers why. */
export function recordValidator (validate: RecordCheck | TSchema): RecordValidator {
  return typeof validate === 'function' ? validatorOfFunction(validate as RecordCheck) : validatorOfSchema(validate as TSchema)
}

function validatorOfSchema (schema: TSchema): RecordValidator {
  const isValid = buildAjv().compile(schema)
  return async (entity) => {
    const record = JSON.parse(JSON.stringify(serialize(entity), (_, value) => typeof value === 'bigint' ? value.toString() : value))
    if (!isValid(record)) throw refusalOfSchema(isValid.errors![0]!)
  }
}

function refusalOfSchema ({ instancePath, keyword, params, message }: ErrorObject) {
  const [, first] = instancePath.split('/')
  const field = first ?? (keyword === 'required' ? (params as { missingProperty: string }).missingProperty : undefined)
  return recordRefused(`${field === undefined ? 'the record' : field} ${message ?? 'is not valid'}`, field)
}

/** A string, or an object with a message, is why; false refuses without saying. Anything else lets the record pass. */
function validatorOfFunction (check: RecordCheck): RecordValidator {
  return async (entity, context) => {
    let verdict: unknown
    try {
      verdict = await check(entity, context)
    } catch (error) {
      throw refusalOfError(error)
    }
    if (verdict === false) throw recordRefused()
    if (typeof verdict === 'string') throw recordRefused(verdict)
    if (isRefusal(verdict)) throw recordRefused(verdict.message, verdict.field)
  }
}

function isRefusal (verdict: unknown): verdict is { message: string, field?: string } {
  return typeof verdict === 'object' && verdict !== null && typeof (verdict as { message?: unknown }).message === 'string'
}

/** What a rule throws is meant for people; what the database or a slip of the pen throws is not. */
function refusalOfError (error: unknown): unknown {
  const isSlip = [TypeError, ReferenceError, RangeError, SyntaxError].some((kind) => error instanceof kind)
  const own = asRecordError(error)
  return own === error || isSlip || !isRefusal(error) ? own : recordRefused(error.message, error.field, error)
}
