import type { EntityProperty } from '@mikro-orm/core'
import { Type, type TSchema } from '@sinclair/typebox'
import { mapColumn, type ScalarMapping } from './column.ts'

/** A closed list of strings or numbers, as one `enum`. */
function items (values: readonly (string | number)[]): TSchema {
  const types = [...new Set(values.map((value) => typeof value === 'number' ? 'number' : 'string'))]
  return Type.Unsafe<string | number>({ type: types.length === 1 ? types[0] : types, enum: [...values], description: `One of ${values.join(', ')}.` })
}

/** The schema of a property's value, never null; undefined where its type has none. */
export function mapScalar (prop: EntityProperty): ScalarMapping | undefined {
  if (prop.items !== undefined && prop.items.length > 0) {
    const schema = items(prop.items)
    return prop.array
      ? { type: 'array', schema: Type.Array(schema, { description: `A list of ${prop.items.join(', ')}.` }) }
      : { type: 'enum', schema }
  }
  const [columnType, ...others] = prop.columnTypes
  if (columnType === undefined || others.length > 0) return undefined
  return mapColumn(columnType, prop.runtimeType === 'Date')
}

/** MikroORM marks the members of an object that is kept as JSON as not persisted: they have no column. */
function isWritten (member: EntityProperty, inline: boolean): boolean {
  return (member.persist !== false || !inline) && member.formula === undefined && member.generated === undefined
}

/**
 * The schema of an embedded object. In columns of the table (`inline`) every member may be left out, and keeps its value;
 * kept as JSON it is replaced as a whole, and must be complete.
 */
function embeddedObject (prop: EntityProperty, inline: boolean): TSchema | undefined {
  const members: Record<string, TSchema> = {}
  for (const [name, member] of Object.entries(prop.embeddedProps)) {
    if (!isWritten(member, inline)) continue
    const schema = mapEmbedded(member) ?? mapScalar(member)?.schema
    if (schema === undefined) return undefined
    const value = member.nullable ? Type.Union([schema, Type.Null()]) : schema
    members[name] = inline || member.nullable ? Type.Optional(value) : value
  }
  return Type.Object(members, {
    additionalProperties: false,
    ...(inline && { minProperties: 1 }),
    description: inline ? 'An embedded object; members that are left out keep their value.' : 'An embedded object; it is replaced as a whole.'
  })
}

/** The schema of an embedded property; undefined where it is none, or where a member has a type that has no schema. */
export function mapEmbedded (prop: EntityProperty): TSchema | undefined {
  if (prop.embeddedProps === undefined) return undefined
  if (!prop.object) return embeddedObject(prop, true)
  const element = embeddedObject(prop, false)
  if (element === undefined) return undefined
  return prop.array ? Type.Array(element, { description: 'Embedded objects; the list is replaced as a whole.' }) : element
}

/** The first member of an embedded property whose type has no schema, for the error that says so. */
export function unmappableMember (prop: EntityProperty, path: string): { prop: EntityProperty, path: string } | undefined {
  for (const [name, member] of Object.entries(prop.embeddedProps)) {
    const where = `${path}.${name}`
    const found = member.embeddedProps === undefined
      ? mapScalar(member) === undefined ? { prop: member, path: where } : undefined
      : unmappableMember(member, where)
    if (found !== undefined) return found
  }
}
