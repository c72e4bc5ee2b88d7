import type { EntityMetadata, EntityProperty } from '@mikro-orm/core'
import { Type, type TSchema } from '@sinclair/typebox'
import type { ScalarType } from './column.ts'
import { mapScalar } from './scalar.ts'

/** The array type that holds the keys of a selection: text for strings and for composite keys. */
export type KeyColumn = 'int4' | 'int8' | 'uuid' | 'text'

export interface KeyPart {
  /** Name of the primary property; the name of the member in a composite key. */
  readonly name: string
  readonly column: string
  /** PostgreSQL's name for the type, e.g. `varchar(2)`. */
  readonly columnType: string
  readonly type: ScalarType
  readonly schema: TSchema
}

export interface KeyShape {
  readonly composite: boolean
  readonly column: KeyColumn
  /** One part, or all those of a composite key in the order of the entity. */
  readonly parts: readonly KeyPart[]
  /** What a client gives: the value of the part, or an object with each part. */
  readonly schema: TSchema
}

/** A primary property of which no key can be made. */
export interface KeyRefusal {
  readonly refused: EntityProperty | undefined
  readonly reason: string
}

/** Types whose values have exactly one text form: a selection finds its records by the text of their keys. */
const keyTypes: ReadonlySet<ScalarType> = new Set(['integer', 'bigint', 'uuid', 'text', 'enum', 'date'])

/** Follows a primary property that is a reference to the scalar it stands for. */
function scalarBehind (prop: EntityProperty): EntityProperty | undefined {
  if (prop.targetMeta === undefined) return prop
  if (prop.polymorphic || prop.targetMeta.primaryKeys.length !== 1) return undefined
  return scalarBehind(prop.targetMeta.getPrimaryProp())
}

function keyPart (prop: EntityProperty): KeyPart | undefined {
  const scalar = scalarBehind(prop)
  const mapping = scalar && mapScalar(scalar)
  const [column] = prop.fieldNames
  if (scalar === undefined || mapping === undefined || column === undefined || !keyTypes.has(mapping.type)) return undefined
  return { name: prop.name, column, columnType: scalar.columnTypes[0]!, type: mapping.type, schema: mapping.schema }
}

function keyColumn (part: KeyPart): KeyColumn {
  switch (part.type) {
    case 'integer': return 'int4'
    case 'bigint': return 'int8'
    case 'uuid': return 'uuid'
    default: return 'text'
  }
}

/** How the records of an entity are named by clients and held in selections. */
export function keyShape (meta: EntityMetadata): KeyShape | KeyRefusal {
  const parts: KeyPart[] = []
  for (const name of meta.primaryKeys) {
    const prop: EntityProperty = meta.properties[name]!
    const part = keyPart(prop)
    if (part === undefined) return { refused: prop, reason: 'cannot be a record key' }
    parts.push(part)
  }
  const [first, ...others] = parts
  if (first === undefined) return { refused: undefined, reason: 'has no primary key' }
  if (others.length === 0) return { composite: false, column: keyColumn(first), parts, schema: first.schema }
  const schema = Type.Object(
    Object.fromEntries(parts.map((part) => [part.name, part.schema])),
    { additionalProperties: false, description: 'Each part of the key.' })
  return { composite: true, column: 'text', parts, schema }
}

export function isKeyRefusal (key: KeyShape | KeyRefusal): key is KeyRefusal {
  return 'refused' in key
}
