import { Type, type StringOptions } from '@sinclair/typebox'

/** PostgreSQL has no place for the character NUL, in any text. */
export const withoutNul = '^[^\\u0000]*$'

/** Free text. Length is counted in characters (code points), by JSON Schema and by PostgreSQL alike. */
export function Text (options: StringOptions = {}) {
  return Type.String({ pattern: withoutNul, ...options })
}
