import { Type, type TSchema, type TUnion, type TNull } from '@sinclair/typebox'

export function nullable<Schema extends TSchema> (schema: Schema): TUnion<[Schema, TNull]> {
  return Type.Union([schema, Type.Null()])
}
