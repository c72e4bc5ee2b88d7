import type { TSchema } from '@sinclair/typebox'
import { Ajv } from 'ajv'
import ajvFormats from 'ajv-formats'
import { fitsJsonb, strictFormats } from '../../src/validation/formats.ts'

/** The part of a request: bodies are JSON and taken as they are, the others are text that stands for values. */
export type RequestPart = 'body' | 'text'

/**
 * An Ajv that changes nothing in a body: what is unknown is refused, not removed, and nothing is filled in. It stops at the first
 * error; everything that is wrong is found by `mistakesOf`, which a list of a hundred thousand wrong ids does not overwhelm.
 */
export function buildAjv (schemas: readonly TSchema[], part: RequestPart): Ajv {
  const ajv = new Ajv({
    removeAdditional: false,
    useDefaults: false,
    coerceTypes: part === 'text' ? 'array' : false,
    allErrors: false,
    allowUnionTypes: true,
    strictTypes: false
  })
  ajvFormats.default(ajv)
  for (const [name, validate] of Object.entries(strictFormats)) ajv.addFormat(name, validate)
  ajv.addKeyword({ keyword: 'x-jsonb', schemaType: 'boolean', validate: (on: boolean, value: unknown) => !on || fitsJsonb(value) })
  for (const schema of schemas) ajv.addSchema(schema)
  return ajv
}
