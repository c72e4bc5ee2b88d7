import type { TSchema } from '@sinclair/typebox'
import { withoutNul } from '../../schemas/entity/text.ts'
import { fitsJsonb, strictFormats } from './formats.ts'
import { given, phraseOf } from './phrases.ts'

const patterns = new Map<string, RegExp>()

function matches (pattern: string, text: string): boolean {
  let expression = patterns.get(pattern)
  if (expression === undefined) patterns.set(pattern, expression = new RegExp(pattern, 'u'))
  return expression.test(text)
}

function isOfType (type: string, value: unknown): boolean {
  switch (type) {
    case 'null': return value === null
    case 'array': return Array.isArray(value)
    case 'object': return typeof value === 'object' && value !== null && !Array.isArray(value)
    case 'integer': return Number.isInteger(value)
    case 'number': return Number.isFinite(value)
    case 'string': return typeof value === 'string'
    case 'boolean': return typeof value === 'boolean'
    default: return false
  }
}

/** Is the value of the schema's type, whatever else is wrong with it? A schema with no type takes any. */
export function fitsType (schema: TSchema, value: unknown): boolean {
  if (schema.type === undefined) return true
  return [schema.type].flat().some((type: string) => isOfType(type, value))
}

function isOfKind (check: unknown, value: unknown): boolean {
  return typeof check === 'function' && check(value) === true
}

function outOfBounds (schema: TSchema, value: number): boolean {
  return value < (schema.minimum ?? -Infinity) || value > (schema.maximum ?? Infinity) ||
    value <= (schema.exclusiveMinimum ?? -Infinity) || value >= (schema.exclusiveMaximum ?? Infinity)
}

function wrongLength (schema: TSchema, text: string): boolean {
  if (schema.maxLength === undefined && schema.minLength === undefined) return false
  const characters = [...text].length
  return characters < (schema.minLength ?? 0) || characters > (schema.maxLength ?? Infinity)
}

function textError (schema: TSchema, text: string, expected: () => string): string | undefined {
  if (schema.pattern === withoutNul && text.includes('\0')) return 'must not contain the character NUL (U+0000)'
  if (wrongLength(schema, text)) return `${expected()}; ${[...text].length} characters were given`
  if (schema.pattern !== undefined && !matches(schema.pattern, text)) return expected()
  if (schema.format !== undefined && strictFormats[schema.format]?.(text) === false) return expected()
}

/**
 * The error of a value by itself, its members left aside; undefined where there is none.
 * @param kinds the checks behind `x-check` members, for options that are no JSON
 */
export function leafError (schema: TSchema, value: unknown, resolve: (schema: TSchema) => TSchema): string | undefined {
  const expected = () => `expected ${phraseOf(schema, resolve)}; given: ${given(value)}`
  if (schema['x-kind'] !== undefined) return isOfKind(schema['x-check'], value) ? undefined : expected()
  if (!fitsType(schema, value)) return expected()
  if ('const' in schema && schema.const !== value) return expected()
  if (Array.isArray(schema.enum) && !schema.enum.includes(value)) return expected()
  if (typeof value === 'number' && outOfBounds(schema, value)) return expected()
  if (typeof value === 'string') {
    const error = textError(schema, value, expected)
    if (error !== undefined) return error
  }
  if (schema['x-jsonb'] === true && !fitsJsonb(value)) {
    return 'must not contain the character NUL (U+0000) or half a surrogate pair, nor be nested more than 100 deep'
  }
}
