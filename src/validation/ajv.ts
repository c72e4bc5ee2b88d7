import type { TSchema } from '@sinclair/typebox'
import { Ajv } from 'ajv'
import ajvFormats from 'ajv-formats'
import type { ProblemItem } from '../../schemas/problem.ts'
import { fitsJsonb, strictFormats } from './formats.ts'
import { validationErrors, type ValidationOptions } from './validation-errors.ts'

/** The part of a request: bodies are JSON and taken as they are, the others are text that stands for values. */
export type RequestPart = 'body' | 'text'

/**
 * The one Ajv setting: a schema means the same for a request, a changed record and the payload of a task. Nothing in a body is
 * removed, coerced or filled in. It stops at the first error: everything that is wrong is found by `validationErrors`, which a list of a
 * hundred thousand wrong ids does not overwhelm. An unknown keyword or format is an error of the schema: it would check nothing.
 */
export function buildAjv (schemas: readonly TSchema[] = [], part: RequestPart = 'body'): Ajv {
  const ajv = new Ajv({
    removeAdditional: false,
    useDefaults: false,
    coerceTypes: part === 'text' ? 'array' : false,
    // Of text, all values have to be coerced before errors are described.
    allErrors: part === 'text',
    allowUnionTypes: true,
    strictTypes: false
  })
  ajvFormats.default(ajv)
  for (const [name, validate] of Object.entries(strictFormats)) ajv.addFormat(name, validate)
  ajv.addKeyword({ keyword: 'x-jsonb', schemaType: 'boolean', validate: (on: boolean, value: unknown) => !on || fitsJsonb(value) })
  for (const schema of schemas) ajv.addSchema(schema)
  return ajv
}

/** What is wrong with a schema of the application; undefined where Ajv can compile it. */
export function schemaError (schema: TSchema): string | undefined {
  try {
    buildAjv().compile(schema)
  } catch (error) {
    return (error as Error).message
  }
}

/**
 * Compiles a schema to a function that returns all that is wrong with a value, once each; an empty list for a valid value.
 * @param options as for `validationErrors`; keywords that it does not know are reported in Ajv's words
 */
export function compileErrors (ajv: Ajv, schema: TSchema, options: ValidationOptions = {}): (value: unknown) => readonly ProblemItem[] {
  const validate = ajv.compile(schema)
  return (value) => {
    if (validate(value)) return []
    const errors = validationErrors(schema, value, options)
    return errors.length > 0 ? errors : validate.errors!.map(({ instancePath, message = 'is not valid' }) => ({ path: instancePath, message }))
  }
}
