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
 * Copies plain objects and lists and freezes the copies, so that options cannot change after they were checked. Functions, classes and
 * objects of other libraries stay what they are.
 */
export function frozenCopy<T> (value: T, copies = new Map<unknown, object>()): T {
  const isPlain = Array.isArray(value) || (typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype)
  if (!isPlain) return value
  // A config may refer to itself.
  const known = copies.get(value)
  if (known !== undefined) return known as T
  const copy: Record<string, unknown> | unknown[] = Array.isArray(value) ? [] : {}
  copies.set(value, copy)
  for (const [name, member] of Object.entries(value as object)) (copy as Record<string, unknown>)[name] = frozenCopy(member, copies)
  return Object.freeze(copy) as T
}
