import type { TSchema } from '@sinclair/typebox'

/** What was given, and for the rest the defaults of the schema. */
export function withDefaults (schema: TSchema, given: Record<string, unknown>): Record<string, unknown> {
  const properties: Record<string, TSchema> = schema.properties
  return Object.fromEntries(Object.entries(properties).map(([name, member]) => {
    const value = given[name] === undefined ? member.default : given[name]
    return [name, member.properties === undefined || value === undefined ? value : withDefaults(member, value as Record<string, unknown>)]
  }))
}

/**
 * Copies plain objects and lists and freezes the copies, so that nobody changes options after they were checked. Functions, classes and
 * objects of other libraries stay what they are.
 */
export function frozenCopy<T> (value: T): T {
  if (Array.isArray(value)) return Object.freeze(value.map(frozenCopy)) as T
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value
  return Object.freeze(Object.fromEntries(Object.entries(value).map(([name, member]) => [name, frozenCopy(member)]))) as T
}
