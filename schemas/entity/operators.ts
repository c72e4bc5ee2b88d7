import { Type, type TSchema } from '@sinclair/typebox'
import type { ScalarType } from './column.ts'
import { Text } from './text.ts'

export const filterOperators = ['eq', 'ne', 'in', 'nin', 'gt', 'gte', 'lt', 'lte', 'contains', 'startsWith', 'isNull'] as const
export type FilterOperator = typeof filterOperators[number]

const equality = ['eq', 'ne'] as const
const membership = ['in', 'nin'] as const
const order = ['gt', 'gte', 'lt', 'lte'] as const
const search = ['contains', 'startsWith'] as const

/** The operators that make sense for a type; a reference is compared by its key. */
export function operatorsOf (type: ScalarType | 'reference'): readonly FilterOperator[] {
  switch (type) {
    case 'boolean':
      return [...equality, 'isNull']
    case 'enum': case 'uuid': case 'reference': case 'custom':
      return [...equality, ...membership, 'isNull']
    case 'text':
      return [...equality, ...membership, ...order, ...search, 'isNull']
    case 'array': case 'json':
      return ['isNull']
    default:
      return [...equality, ...membership, ...order, 'isNull']
  }
}

/** A longer list of values is a selection by ids. */
const listedValuesLimit = 1000

const descriptions: Record<FilterOperator, string> = {
  eq: 'Equal; null finds records without a value.',
  ne: 'Not equal; records without a value differ from any value.',
  in: 'One of these.',
  nin: 'None of these; records without a value are none of them.',
  gt: 'Greater than.',
  gte: 'Greater than or equal.',
  lt: 'Less than.',
  lte: 'Less than or equal.',
  contains: 'Contains this text, upper and lower case taken for the same.',
  startsWith: 'Begins with this text, upper and lower case taken for the same.',
  isNull: 'True: records without a value; false: records with one.'
}

/** An empty list or text would match everything or nothing by accident: neither is allowed. */
function operand (operator: FilterOperator, value: TSchema, nullable: boolean): TSchema {
  const description = descriptions[operator]
  switch (operator) {
    case 'eq': case 'ne':
      return nullable ? Type.Union([value, Type.Null()], { description }) : value
    case 'in': case 'nin':
      return Type.Array(value, { minItems: 1, maxItems: listedValuesLimit, description })
    case 'contains': case 'startsWith':
      return Text({ minLength: 1, description })
    case 'isNull':
      return Type.Boolean({ description })
    default:
      return value
  }
}

/** `{ eq, ne, … }`: all that are given must hold. */
export function operatorObject (operators: readonly FilterOperator[], value: TSchema, nullable: boolean): TSchema {
  return Type.Object(
    Object.fromEntries(operators.map((operator) => [operator, Type.Optional(operand(operator, value, nullable))])),
    { additionalProperties: false, minProperties: 1, description: 'Comparisons; all that are given must hold.' })
}
