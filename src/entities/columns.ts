import type { EntityProperty } from '@mikro-orm/core'
import type { EntityManager } from '@mikro-orm/postgresql'
import { quote } from '../database/sql.ts'
import type { WireKey } from './record-key.ts'
import type { Resource } from './resource.ts'
import { castTo, isTimestampWithoutZone, knownType } from './column-type.ts'
import { databaseValueOf, databaseValueOfJson } from './property-value.ts'

type Platform = ReturnType<EntityManager['getPlatform']>

/** One column that a statement sets. */
export interface ColumnValue {
  property: string
  /** Quoted. */
  column: string
  /** As the database has it; empty where that is not known. */
  type: string
  /** What goes to the database as a parameter. */
  value: unknown
  /** SQL that makes a value of the column of the parameter. */
  wrap: (parameter: string) => string
}

interface Conversion {
  resource: Pick<Resource, 'meta' | 'columns'>
  platform: Platform
  convert: (prop: EntityProperty, platform: Platform, value: unknown) => unknown
}

/**
 * The columns that a change set (as it came in JSON) writes: scalars, nulls, enums, embedded properties and to-one
 * references. To-many fields have no column and are left out.
 */
export function columnsOf (resource: Conversion['resource'], em: EntityManager, set: Record<string, unknown>): ColumnValue[] {
  return columnsWith(set, { resource, platform: em.getPlatform(), convert: databaseValueOfJson })
}

/** The same for values as an entity's properties hold them. */
export function columnsOfValues (resource: Conversion['resource'], em: EntityManager, values: Record<string, unknown>): ColumnValue[] {
  return columnsWith(values, { resource, platform: em.getPlatform(), convert: databaseValueOf })
}

function columnsWith (values: Record<string, unknown>, conversion: Conversion): ColumnValue[] {
  return Object.entries(values).flatMap(([name, value]) => propertyColumns(conversion.resource.meta.properties[name as never] as EntityProperty, value, conversion))
}

function propertyColumns (prop: EntityProperty, value: unknown, conversion: Conversion): ColumnValue[] {
  if (prop.kind === 'm:n' || prop.kind === '1:m') return []
  if (prop.kind === 'embedded' && prop.object !== true) return embeddedColumns(prop, value, conversion)
  if (prop.kind === 'm:1' || prop.kind === '1:1') return referenceColumns(prop, value as WireKey | null, conversion)
  return [columnValue(prop, 0, conversion.convert(prop, conversion.platform, value), conversion)]
}

/** Members that are left out keep their value; null empties all of them. */
function embeddedColumns (prop: EntityProperty, value: unknown, conversion: Conversion): ColumnValue[] {
  const parts = value as Record<string, unknown> | null
  return Object.entries(prop.embeddedProps as Record<string, EntityProperty>)
    .filter(([name, part]) => part.persist !== false && part.formula === undefined && part.generated === undefined && (parts === null || name in parts))
    .flatMap(([name, part]) => propertyColumns(part, parts === null ? null : parts[name], conversion))
    .map((column) => ({ ...column, property: prop.name }))
}

/** A reference to a composite key has a column for each part, in the order of the referenced key. */
function referenceColumns (prop: EntityProperty, key: WireKey | null, conversion: Conversion): ColumnValue[] {
  const parts = key !== null && typeof key === 'object' ? prop.referencedPKs.map((name) => key[name]) : [key]
  return prop.fieldNames.map((_, index) => columnValue(prop, index, key === null ? null : parts[index], conversion))
}

function columnValue (prop: EntityProperty, index: number, value: unknown, { resource, platform }: Conversion): ColumnValue {
  const name = prop.fieldNames[index]!
  const type = resource.columns.get(name)?.type ?? knownType(prop.columnTypes[index]!)
  return { property: prop.name, column: quote(name), type, value, wrap: wrapperOf(prop, type, platform) }
}

function wrapperOf (prop: EntityProperty, type: string, platform: Platform): (parameter: string) => string {
  const { customType } = prop
  if (prop.hasConvertToDatabaseValueSQL && customType?.convertToDatabaseValueSQL !== undefined) {
    return (parameter) => customType.convertToDatabaseValueSQL!(parameter, platform)
  }
  if (prop.runtimeType === 'Date' && isTimestampWithoutZone(type)) {
    // An instant, whose offset a cast to a type without zone would drop. MikroORM keeps it in the zone that it is configured for.
    return (parameter) => `(${parameter}::timestamptz AT TIME ZONE ${zoneOf(platform)})::${type}`
  }
  return (parameter) => `${parameter}${castTo(type)}`
}

/** SQL: the zone in which MikroORM keeps instants in columns without one. */
export function zoneOf (platform: Platform): string {
  const zone = platform.getTimezone() ?? Intl.DateTimeFormat().resolvedOptions().timeZone
  if (zone === 'Z') return "'UTC'"
  // As a name, PostgreSQL would read an offset the other way round.
  return /^[+-]/.test(zone) ? `interval '${zone.replaceAll("'", '')}'` : `'${zone.replaceAll("'", '')}'`
}
