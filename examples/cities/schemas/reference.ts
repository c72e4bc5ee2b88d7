import { Type, type Static, type TSchema, type TUnsafe } from '@sinclair/typebox'

/** A pointer to a schema that the application has added under its `$id`, so that the OpenAPI document names it once. */
export function reference<Schema extends TSchema> (schema: Schema): TUnsafe<Static<Schema>> {
  return Type.Unsafe<Static<Schema>>({ $ref: `${schema.$id}#` })
}
