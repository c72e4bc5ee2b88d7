import { Type, type TSchema } from '@sinclair/typebox'
import { closed } from './common.ts'
import type { FieldShape } from './entity/field.ts'
import { operatorObject, type FilterOperator } from './entity/operators.ts'

export type FilterComparison = { readonly [Operator in FilterOperator]?: unknown }

/** A filter as it comes over the wire: for each field a value, null, or comparisons. */
export interface Filter { readonly [field: string]: unknown }

/** A plain value is compared by `eq`. */
function fieldFilter (field: FieldShape): TSchema {
  const comparisons = operatorObject(field.operators, field.value, field.nullable)
  const plain = field.operators.includes('eq') ? [field.value] : []
  const none = field.nullable ? [Type.Null()] : []
  return Type.Union([...plain, ...none, comparisons], { title: field.label, description: `${field.label}: a value, or comparisons.` })
}

/**
 * `{ field: value }` or `{ field: { eq, ne, in, … } }`, all of which must hold. Never empty: an empty filter is not "all".
 */
export function FilterSchema (fields: readonly FieldShape[], id: string) {
  const properties = Object.fromEntries(fields.map((field) => [field.name, Type.Optional(fieldFilter(field))]))
  return Type.Unsafe<Filter>(Type.Object(properties, {
    ...closed, $id: id, title: id, minProperties: 1, description: 'Which records: all conditions must hold. It must not be empty.'
  }))
}
