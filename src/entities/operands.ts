import { raw, Type, type EntityProperty } from '@mikro-orm/core'
import type { EntityManager } from '@mikro-orm/postgresql'
import { isTimestampWithoutZone } from './column-type.ts'
import { columnsOf, type ColumnValue } from './columns.ts'
import { quote } from '../database/sql.ts'
import type { Resource } from './resource.ts'

/** What the comparisons of a filter on a field are made of, of values that came in JSON. */
export interface Operands {
  /** What is compared: a member of a MikroORM condition. */
  field (): string
  /** The same for a search for text. */
  text (): string
  one (value: unknown): unknown
  many (values: readonly unknown[]): unknown
}

/**
 * How the values of a filter are passed to MikroORM. It passes most of them on as they came, which is what PostgreSQL reads
 * best. Two kinds it would take for something else, and they are compared as they would be written: instants in a column
 * without zone, whose offset PostgreSQL would drop, and what the application's own types make of JSON.
 */
export function operandsOf (resource: Pick<Resource, 'meta' | 'columns'>, em: EntityManager, field: string): Operands {
  const prop = resource.meta.properties[field as never] as EntityProperty
  const column = prop.kind === 'scalar' ? resource.columns.get(prop.fieldNames[0]!) : undefined
  const text = () => column?.searchable === false ? columnOf(prop, ' COLLATE pg_catalog."default"') : field
  if (prop.kind !== 'scalar' || !(isLocalInstant(prop) || hasOwnType(prop))) {
    return { field: () => field, text, one: (value) => value, many: (values) => values }
  }
  const written = (value: unknown): ColumnValue => columnsOf(resource, em, { [field]: value })[0]!
  const list = (columns: readonly ColumnValue[]) => raw(columns.map(({ wrap }) => wrap('?')).join(', '), columns.map(({ value }) => value))
  return { field: () => columnOf(prop), text, one: (value) => list([written(value)]), many: (values) => list(values.map(written)) }
}

/** The column itself, whatever SQL a type reads it with. */
function columnOf ({ fieldNames }: EntityProperty, more: string = ''): string {
  return raw((alias) => `${quote(alias)}.${quote(fieldNames[0]!)}${more}`) as unknown as string
}

function isLocalInstant ({ runtimeType, columnTypes }: EntityProperty): boolean {
  return runtimeType === 'Date' && isTimestampWithoutZone(columnTypes[0] ?? '')
}

function hasOwnType ({ customType }: EntityProperty): boolean {
  return customType !== undefined && Type.getOrmType(customType.constructor) === undefined
}
