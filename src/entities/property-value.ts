import { ArrayType, EnumArrayType, TimeType, Type, type EntityProperty } from '@mikro-orm/core'
import type { EntityManager } from '@mikro-orm/postgresql'
import { isJson } from './column-type.ts'

type Platform = ReturnType<EntityManager['getPlatform']>
type CustomType = Type<unknown, unknown>

/**
 * The value that an entity's property holds, of one that came in JSON and passed its schema: a `Date` for an instant, a
 * bigint for its digits, whatever a custom type makes of it in `fromJSON`.
 */
export function fromJson (prop: EntityProperty, platform: Platform, value: unknown): unknown {
  if (value === null || value === undefined) return value
  const custom = prop.customType as CustomType | undefined
  if (custom?.fromJSON !== undefined) return custom.fromJSON(value, platform)
  // MikroORM's own type insists on seconds, and the contract does not.
  if (custom instanceof TimeType && typeof value === 'string') return value.replace(/^(\d\d:\d\d)$/, '$1:00')
  return prop.runtimeType === 'Date' && custom === undefined ? new Date(value as string) : value
}

/**
 * What goes to the database for a value that came in JSON. Only the application's own types convert it: PostgreSQL reads
 * the rest as it came, which keeps digits, microseconds and offsets that a number or a `Date` would lose.
 */
export function databaseValueOfJson (prop: EntityProperty, platform: Platform, value: unknown): unknown {
  if (value === null || value === undefined) return null
  if (prop.kind === 'embedded') return JSON.stringify(embeddedDocument(prop, platform, value, databaseValueOfJson))
  const custom = prop.customType as CustomType | undefined
  if (custom === undefined || Type.getOrmType(custom.constructor) !== undefined) return builtIn(prop, value)
  return databaseValueOf(prop, platform, fromJson(prop, platform, value))
}

/** What goes to the database for a value as an entity's property holds it. */
export function databaseValueOf (prop: EntityProperty, platform: Platform, value: unknown): unknown {
  if (value === null || value === undefined) return null
  if (prop.kind === 'embedded') return JSON.stringify(embeddedDocument(prop, platform, value, databaseValueOf))
  const custom = prop.customType as CustomType | undefined
  if (isList(custom)) return list(prop, custom, value as unknown[])
  const converted = custom === undefined ? value : custom.convertToDatabaseValue(value, platform, { mode: 'query-data' })
  // As ISO text: in a column without zone, a Date would be written in the process's own zone.
  if (converted instanceof Date) return converted.toISOString()
  return isJson(prop.columnTypes[0] ?? '') && typeof converted !== 'string' ? JSON.stringify(converted) : converted
}

function builtIn (prop: EntityProperty, value: unknown): unknown {
  const custom = prop.customType as CustomType | undefined
  const type = prop.columnTypes[0] ?? ''
  if (isJson(type)) return JSON.stringify(value)
  if (Array.isArray(value)) return isList(custom) ? list(prop, custom, value) : elements(type, value)
  return value
}

function isList (custom: CustomType | undefined): custom is CustomType & ArrayType {
  const own = custom?.convertToDatabaseValue as unknown
  return own !== undefined && (own === ArrayType.prototype.convertToDatabaseValue || own === EnumArrayType.prototype.convertToDatabaseValue)
}

/** As a list, for the driver to write: MikroORM's own literals lose blanks, and take the word null for none. */
function list (prop: EntityProperty, custom: ArrayType, values: readonly unknown[]): unknown[] {
  const { toDbValue = (item: unknown) => item } = custom as unknown as { toDbValue?: (item: unknown) => unknown }
  return elements(prop.columnTypes[0] ?? '', values.map((value) => value === null ? null : toDbValue(value)))
}

function elements (type: string, values: readonly unknown[]): unknown[] {
  return values.map((value) => value !== null && /^jsonb?\[/i.test(type) ? JSON.stringify(value) : value)
}

type Convert = (prop: EntityProperty, platform: Platform, value: unknown) => unknown

/** An embedded object as its JSON column keeps it. */
function embeddedDocument (prop: EntityProperty, platform: Platform, value: unknown, convert: Convert): unknown {
  if (Array.isArray(value)) return value.map((item) => embeddedDocument(prop, platform, item, convert))
  const members = Object.entries(prop.embeddedProps as Record<string, EntityProperty>)
    .filter(([name]) => name in (value as object))
    .map(([name, member]) => [name, documentMember(member, platform, (value as Record<string, unknown>)[name], convert)])
  return Object.fromEntries(members)
}

function documentMember (member: EntityProperty, platform: Platform, value: unknown, convert: Convert): unknown {
  if (value === null || value === undefined) return null
  if (member.kind === 'embedded') return embeddedDocument(member, platform, value, convert)
  // JSON has lists and documents of its own, without literals.
  if (Array.isArray(value) || isJson(member.columnTypes[0] ?? '')) return value
  return convert(member, platform, value)
}
