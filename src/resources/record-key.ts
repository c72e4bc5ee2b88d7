import type { EntityMetadata, EntityProperty } from '@mikro-orm/core'
import { quote } from '../database/sql.ts'
import type { KeyKind } from '../database/tables.ts'

/** A record's key as it travels in JSON: a number, a string (bigint, uuid, text), or an object of a composite key's parts. */
export type WireKey = number | string | { [property: string]: number | string }

interface KeyColumn {
  property: string
  /** Quoted column name. */
  column: string
  /** PostgreSQL type without length, such as `int` or `varchar`. */
  type: string
  /** Quoted name of the collation that the column's index is sorted by; only text has one. */
  collation: string
  /** Whether a part travels as a JSON number. */
  numeric: boolean
}

/**
 * How the primary key of an entity is stored in chunks, compared in statements, and told in JSON. A composite key is
 * stored as the text of a JSON array of its parts, in the order of the entity's primary key.
 */
export interface RecordKey {
  readonly kind: KeyKind
  readonly composite: boolean
  readonly columns: readonly KeyColumn[]
  /** SQL: the stored key of the row `alias`. */
  stored (alias: string): string
  /** SQL: whether the key of row `alias` is among `keys`, an expression of this kind's array type. */
  among (alias: string, keys: string): string
  /** SQL: the ordering that keyset pages follow. For text it is the column's own collation, which its index has. */
  orderBy (alias: string): string
  /** SQL: whether row `alias` comes after the stored key in parameter `$n`. */
  after (alias: string, parameter: string): string
  /** The stored form of a key that passed its schema. */
  fromWire (key: WireKey): string
  toWire (stored: string): WireKey
  /** Compares two stored forms as a chunk sorts them. */
  compare (one: string, other: string): number
}

/**
 * Builds the key of an entity. `collations` has the quoted collation of each text column of the key, by column name:
 * a comparison in another collation than the column's cannot use its index.
 */
export function recordKeyOf (meta: EntityMetadata, collations: ReadonlyMap<string, string>): RecordKey {
  const columns = meta.getPrimaryProps().flatMap((prop) => columnsOf(prop, collations))
  return columns.length === 1 ? simpleKey(columns[0]!) : compositeKey(columns)
}

function columnsOf (prop: EntityProperty, collations: ReadonlyMap<string, string>): KeyColumn[] {
  return prop.fieldNames.map((name, index) => {
    const type = baseType(prop.columnTypes[index] ?? 'text')
    return {
      property: prop.name,
      column: quote(name),
      type,
      collation: collations.get(name) ?? 'pg_catalog."default"',
      numeric: kindOf(type) === 'int4'
    }
  })
}

function kindOf (columnType: string): KeyKind {
  const type = columnType.toLowerCase()
  if (/^(smallint|int2|int|int4|integer|smallserial|serial)\b/.test(type)) return 'int4'
  if (/^(bigint|int8|bigserial)\b/.test(type)) return 'int8'
  return type === 'uuid' ? 'uuid' : 'text'
}

function simpleKey (column: KeyColumn): RecordKey {
  const kind = kindOf(column.type)
  const isText = kind === 'text'
  const of = (alias: string) => `${alias}.${column.column}`
  return {
    kind,
    composite: false,
    columns: [column],
    stored: (alias) => isText ? `${of(alias)}::text COLLATE "C"` : `${of(alias)}::${kind}`,
    // Chunks are sorted by "C"; named explicitly, the column's own collation wins over it and the index is used.
    among: (alias, keys) => `${of(alias)} = ANY((${keys})::${isText ? `${column.type}[] COLLATE ${column.collation}` : `${kind}[]`})`,
    orderBy: of,
    after: (alias, parameter) => `${of(alias)} > ${parameter}::${column.type}`,
    fromWire: (key) => kind === 'uuid' ? String(key).toLowerCase() : kind === 'int8' ? BigInt(key as string).toString() : String(key),
    toWire: (stored) => kind === 'int4' ? Number(stored) : stored,
    compare: compareAs(kind)
  }
}

function compositeKey (columns: readonly KeyColumn[]): RecordKey {
  const tuple = (alias: string) => columns.map(({ column }) => `${alias}.${column}`).join(', ')
  const parts = (json: string) => columns.map(({ type }, index) => `(${json} ->> ${index})::${type}`).join(', ')
  return {
    kind: 'text',
    composite: true,
    columns,
    stored: (alias) => `jsonb_build_array(${columns.map(({ column, numeric }) => numeric ? `${alias}.${column}` : `${alias}.${column}::text`).join(', ')})::text COLLATE "C"`,
    among: (alias, keys) => `(${tuple(alias)}) IN (SELECT ${parts('k::jsonb')} FROM unnest(${keys}) k)`,
    orderBy: tuple,
    after: (alias, parameter) => `(${tuple(alias)}) > (${parts(`${parameter}::jsonb`)})`,
    fromWire: (key) => {
      const record = key as { [property: string]: number | string }
      // PostgreSQL prints jsonb with a blank after each comma, and so must we: stored keys are compared as text.
      return `[${columns.map(({ property, numeric }) => JSON.stringify(numeric ? Number(record[property]) : canonicalPart(columns, property, record[property]!))).join(', ')}]`
    },
    toWire: (stored) => Object.fromEntries((JSON.parse(stored) as (number | string)[]).map((part, index) => [columns[index]!.property, part])),
    compare: compareAs('text')
  }
}

function canonicalPart (columns: readonly KeyColumn[], property: string, value: number | string): string {
  const kind = kindOf(columns.find((column) => column.property === property)!.type)
  if (kind === 'uuid') return String(value).toLowerCase()
  return kind === 'int8' ? BigInt(value).toString() : String(value)
}

/** Types such as `serial` exist only in CREATE TABLE; length limits would cut what is compared. */
function baseType (type: string): string {
  const base = type.toLowerCase().replace(/\(.*\)$/, '').trim()
  return { serial: 'int', smallserial: 'smallint', bigserial: 'bigint' }[base] ?? base
}

function compareAs (kind: KeyKind): (one: string, other: string) => number {
  if (kind === 'int4') return (one, other) => Number(one) - Number(other)
  if (kind === 'int8') return (one, other) => { const difference = BigInt(one) - BigInt(other); return difference < 0n ? -1 : difference > 0n ? 1 : 0 }
  return (one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other))
}
