import type { TSchema } from '@sinclair/typebox'
import type { ErrorObject } from 'ajv'
import type { FastifySchemaCompiler } from 'fastify'
import type { ProblemItem } from '../../schemas/problem.ts'
import { problem, type PowercrudError } from '../../src/errors.ts'
import { mistakesOf } from '../../src/validation/validation-errors.ts'
import { buildAjv } from './ajv.ts'

/** Ajv's own messages, for keywords of an application's schema that `mistakesOf` does not know. */
function ajvErrors (errors: readonly ErrorObject[] | null | undefined): ProblemItem[] {
  return (errors ?? []).map(({ instancePath, message = 'is not valid' }) => ({ path: instancePath, message }))
}

const partNames: Readonly<Record<string, string>> = {
  body: 'body', querystring: 'query', params: 'path', headers: 'headers'
}

/** The refusal of a request that does not fit its schema. */
export function validationProblem (part: string, errors: readonly ProblemItem[]): PowercrudError {
  const [first, ...others] = errors.map(({ path, message }) => path === '' ? message : `${path}: ${message}`)
  const more = others.length === 0 ? '' : ` (and ${others.length} more)`
  return problem('validation_failed', `the ${partNames[part] ?? part} is not valid: ${first}${more}`, { errors })
}

/**
 * The validator compiler of our inner scope. Its validators return a `validation_failed` that lists every error once.
 * @param schemas those that `$ref` may point to: what the scope was given with `addSchema`
 */
export function buildValidatorCompiler (schemas: readonly TSchema[]): FastifySchemaCompiler<TSchema> {
  const ajvs = { body: buildAjv(schemas, 'body'), text: buildAjv(schemas, 'text') }
  const byId = new Map(schemas.map((schema) => [schema.$id!, schema]))
  return ({ schema, httpPart = 'body' }) => {
    const validate = ajvs[httpPart === 'body' ? 'body' : 'text'].compile(schema)
    return (value: unknown) => {
      if (validate(value)) return { value }
      const found = mistakesOf(schema, value, { schemas: byId, noun: httpPart === 'body' ? 'field' : 'parameter' })
      const errors = found.length > 0 ? found : ajvErrors(validate.errors)
      return { error: validationProblem(httpPart, errors) }
    }
  }
}
