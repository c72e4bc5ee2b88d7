import type { TSchema } from '@sinclair/typebox'
import type { FastifySchemaCompiler } from 'fastify'
import type { ProblemItem } from '../../schemas/problem.ts'
import { problem, type PowercrudError } from '../../src/errors.ts'
import { buildAjv, compileErrors } from '../../src/validation/ajv.ts'

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
    const errorsOf = compileErrors(ajvs[httpPart === 'body' ? 'body' : 'text'], schema, { schemas: byId, noun: httpPart === 'body' ? 'field' : 'parameter' })
    return (value: unknown) => {
      const errors = errorsOf(value)
      return errors.length === 0 ? { value } : { error: validationProblem(httpPart, errors) }
    }
  }
}
