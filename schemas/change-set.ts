import { Type, type TSchema } from '@sinclair/typebox'
import { closed, Nullable } from './common.ts'
import type { FieldShape } from './entity/field.ts'
import type { AnyRecordKey } from './results.ts'

/** Changes of a to-many field: some are added and removed, or all are replaced. */
export type CollectionChange =
  | { readonly add?: readonly AnyRecordKey[], readonly remove?: readonly AnyRecordKey[] }
  | { readonly replace: readonly AnyRecordKey[] }

/** The values to write, by field, as they come over the wire. */
export interface ChangeSet { readonly [field: string]: unknown }

/** They are written for every record of the selection. */
const listedKeysLimit = 1000

function collectionChange (field: FieldShape): TSchema {
  const keys = (minItems: number, description: string) =>
    Type.Array(field.value, { minItems, maxItems: listedKeysLimit, description })
  return Type.Union([
    Type.Object({
      add: Type.Optional(keys(1, 'Keys to add to each record; those that it has already stay.')),
      remove: Type.Optional(keys(1, 'Keys to remove from each record; those that it has not are passed over.'))
    }, { ...closed, minProperties: 1, title: 'Add and remove', description: 'Add some, remove some.' }),
    Type.Object({
      replace: keys(0, 'The keys that each record has afterwards; an empty list removes all.')
    }, { ...closed, title: 'Replace', description: 'Replace all.' })
  ], { title: field.label, description: `${field.label}: add and remove, or replace.` })
}

/** The schema of what a bulk update writes to a field. */
export function changeOf (field: FieldShape): TSchema {
  if (field.kind === 'collection') return collectionChange(field)
  if (field.nullable) return Nullable(field.value, { title: field.label, description: `${(field.value.description ?? 'A value').replace(/\.$/, '')}, or null.` })
  return { ...field.value, title: field.label }
}

/** Only the fields that are given are written. */
export function ChangeSetSchema (fields: readonly FieldShape[], id: string) {
  const properties = Object.fromEntries(fields.map((field) => [field.name, Type.Optional(changeOf(field))]))
  return Type.Unsafe<ChangeSet>(Type.Object(properties, {
    ...closed, $id: id, title: id, minProperties: 1, description: 'The values to write. Omitted fields keep their values.'
  }))
}
