import type { EntityMetadata, EntityProperty } from '@mikro-orm/core'
import type { EntityManager } from '@mikro-orm/postgresql'
import { quote } from '../database/sql.ts'
import type { WireKey } from '../resources/record-key.ts'

/** One column that a statement sets. */
export interface ColumnValue {
  property: string
  /** Quoted. */
  column: string
  /** PostgreSQL type, for casts. */
  type: string
  /** What goes to the database as a parameter. */
  value: unknown
  /** SQL around the parameter's cast, for custom types that have some. */
  wrap: (parameter: string) => string
}

/**
 * The columns that a change set (as it came in JSON) writes: scalars, nulls, enums, embedded properties and to-one
 * references. To-many fields have no column and are left out.
 */
export function columnsOf (meta: EntityMetadata, em: EntityManager, set: Record<string, unknown>): ColumnValue[] {
  return Object.entries(set).flatMap(([name, value]) => propertyColumns(meta.properties[name as never] as EntityProperty, em, value))
}

function propertyColumns (prop: EntityProperty, em: EntityManager, value: unknown): ColumnValue[] {
  if (prop.kind === 'm:n' || prop.kind === '1:m') return []
  if (prop.kind === 'embedded' && prop.object !== true) return embeddedColumns(prop, em, value)
  if (prop.kind === 'm:1' || prop.kind === '1:1') return referenceColumns(prop, value as WireKey | null)
  return [columnValue(prop, 0, toDatabase(prop, em, value))]
}

function embeddedColumns (prop: EntityProperty, em: EntityManager, value: unknown): ColumnValue[] {
  const parts = value as Record<string, unknown> | null
  return Object.entries(prop.embeddedProps as Record<string, EntityProperty>)
    .filter(([name, part]) => part.persist !== false && (parts === null || name in parts))
    .flatMap(([name, part]) => propertyColumns(part, em, parts === null ? null : parts[name]))
    .map((column) => ({ ...column, property: prop.name }))
}

/** A reference to a composite key has a column for each part, in the order of the referenced key. */
function referenceColumns (prop: EntityProperty, key: WireKey | null): ColumnValue[] {
  const parts = key !== null && typeof key === 'object' ? prop.referencedPKs.map((name) => key[name]) : [key]
  return prop.fieldNames.map((_, index) => columnValue(prop, index, key === null ? null : parts[index]))
}

function columnValue (prop: EntityProperty, index: number, value: unknown): ColumnValue {
  const type = prop.columnTypes[index]!
  const custom = prop.customTypes?.[index] ?? prop.customType
  return {
    property: prop.name,
    column: quote(prop.fieldNames[index]!),
    type,
    value,
    wrap: (parameter) => custom?.convertToDatabaseValueSQL !== undefined && prop.hasConvertToDatabaseValueSQL
      ? custom.convertToDatabaseValueSQL(parameter, undefined as never)
      : `${parameter}::${type}`
  }
}

/** Custom types of the application convert from their own JavaScript value; the built-in ones take JSON's as it is. */
function toDatabase (prop: EntityProperty, em: EntityManager, value: unknown): unknown {
  if (value === null || value === undefined) return null
  // As ISO text: in a column without zone, a Date would be written in the process's own zone.
  if (value instanceof Date) return value.toISOString()
  const platform = em.getPlatform()
  if (/^jsonb?$/.test(prop.columnTypes[0] ?? '')) return JSON.stringify(value)
  return prop.customType === undefined ? value : prop.customType.convertToDatabaseValue(value, platform, { fromQuery: false } as never)
}
