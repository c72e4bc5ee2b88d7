import { Type, type SchemaOptions, type Static, type TSchema, type TUnsafe } from '@sinclair/typebox'

/** Prefix of the names of all our schemas, since a host may well have a `Job` of its own. */
export const defaultSchemaPrefix = 'Powercrud'

/** A value that may be null: always a union with null, which every generator and serializer understands. */
export function Nullable<S extends TSchema> (schema: S, options?: SchemaOptions) {
  return Type.Union([schema, Type.Null()], options)
}

/** One string of a closed list, as one `enum` (a union of constants would be spelled out one by one by generators). */
export function OneOf<const Values extends readonly string[]> (values: Values, options: SchemaOptions = {}): TUnsafe<Values[number]> {
  return Type.Unsafe<Values[number]>({ type: 'string', enum: [...values], ...options })
}

/** An object that knows all its members and refuses others. */
export const closed = { additionalProperties: false } as const

export const Instant = Type.String({
  format: 'date-time',
  description: 'A point in time, RFC 3339.',
  examples: ['2026-11-24T09:30:00.000Z']
})

export const JobId = Type.String({
  format: 'uuid',
  description: 'The id of a job, a UUID.',
  examples: ['0199aa00-7c1e-7000-8000-000000000001']
})

export const PreviewId = Type.String({
  format: 'uuid',
  description: 'The id of a preview, a UUID, as answered by a dry run.',
  examples: ['0199aa00-7c1e-7000-8000-000000000002']
})

export const User = Type.Object({
  id: Type.String({ description: 'The key of the person in the application.', examples: ['7'] }),
  label: Type.String({ description: 'The name to show to people.', examples: ['ada'] })
}, { ...closed, description: 'Who started it.' })

export type User = Static<typeof User>
