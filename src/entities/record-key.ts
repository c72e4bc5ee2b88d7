import type { EntityMetadata, EntityProperty } from '@mikro-orm/core'
import { quote } from '../database/sql.ts'
import type { KeyKind } from '../database/tables.ts'
import type { TableColumn } from './catalog.ts'

/** A record's key as it travels in JSON: a number, a string (bigint, uuid, text), or an object of a composite key's parts. */
export type WireKey = number | string | { [property: string]: number | string }

interface KeyColumn {
  property: string
  /** Quoted column name. */
  column: string
  /** How chunks hold its values, if it is the whole key. */
  kind: KeyKind
  /** PostgreSQL type without length, such as `int` or `varchar`, as it can stand in a cast. */
  type: string
  /** SQL: ` COLLATE …`, which its index is sorted by; empty for types that know no collation. */
  collate: string
}

/**
 * How the primary key of an entity is stored in chunks, compared in statements, and written in JSON. A composite key is
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
 * Builds the key of an entity. `columns` are those of its table, where they are known: a comparison in another collation than
 * the column's cannot use its index, and only the database knows how a type of the application's own is written.
 */
export function recordKeyOf (meta: EntityMetadata, columns: ReadonlyMap<string, TableColumn> = new Map()): RecordKey {
  const parts = meta.getPrimaryProps().flatMap((prop) => columnsOf(prop, columns))
  return parts.length === 1 ? simpleKey(parts[0]!) : compositeKey(parts)
}

function columnsOf (prop: EntityProperty, columns: ReadonlyMap<string, TableColumn>): KeyColumn[] {
  return prop.fieldNames.map((name, index) => {
    const declared = withoutLength(prop.columnTypes[index] ?? 'text')
    const found = columns.get(name)
    return {
      property: prop.name,
      column: quote(name),
      kind: kindOf(declared),
      type: found === undefined ? declared : withoutLength(found.type),
      collate: collateOf(found?.collation, declared)
    }
  })
}

const texts = new Set(['varchar', 'character varying', 'text', 'bpchar', 'citext'])

function collateOf (collation: string | null | undefined, declared: string): string {
  const known = collation === undefined ? (texts.has(declared) ? 'pg_catalog."default"' : null) : collation
  return known === null ? '' : ` COLLATE ${known}`
}

function kindOf (type: string): KeyKind {
  if (/^(smallint|int2|int|int4|integer)$/.test(type)) return 'int4'
  if (/^(bigint|int8)$/.test(type)) return 'int8'
  return type === 'uuid' ? 'uuid' : 'text'
}

function simpleKey (column: KeyColumn): RecordKey {
  const { kind, type, collate } = column
  const of = (alias: string) => `${alias}.${column.column}`
  return {
    kind,
    composite: false,
    columns: [column],
    stored: (alias) => kind === 'text' ? `${of(alias)}::text COLLATE "C"` : `${of(alias)}::${kind}`,
    // Chunks are sorted by "C"; named explicitly, the column's own collation wins over it and the index is used.
    among: (alias, keys) => `${of(alias)} = ANY((${keys})::${kind === 'text' ? `${type}[]${collate}` : `${kind}[]`})`,
    orderBy: of,
    after: (alias, parameter) => `${of(alias)} > ${parameter}::${type}`,
    fromWire: (key) => canonical(column, key as number | string),
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
    stored: (alias) => `jsonb_build_array(${columns.map(({ column, kind }) => kind === 'int4' ? `${alias}.${column}` : `${alias}.${column}::text`).join(', ')})::text COLLATE "C"`,
    among: (alias, keys) => `(${tuple(alias)}) IN (SELECT ${parts('k::jsonb')} FROM unnest(${keys}) k)`,
    orderBy: tuple,
    after: (alias, parameter) => `(${tuple(alias)}) > (${parts(`${parameter}::jsonb`)})`,
    fromWire: (key) => {
      const record = key as { [property: string]: number | string }
      const values = columns.map((column) => canonical(column, record[column.property]!))
      // PostgreSQL prints jsonb with a blank after each comma, and so must we: stored keys are compared as text.
      return `[${values.map((value, index) => columns[index]!.kind === 'int4' ? value : JSON.stringify(value)).join(', ')}]`
    },
    toWire: (stored) => Object.fromEntries((JSON.parse(stored) as (number | string)[]).map((part, index) => [columns[index]!.property, part])),
    compare: compareAs('text')
  }
}

/** A value in the text form that PostgreSQL returns. A `char` is read with blanks at its end, which mean nothing. */
function canonical ({ kind, type }: KeyColumn, value: number | string): string {
  if (kind === 'uuid') return String(value).toLowerCase()
  if (type === 'bpchar') return String(value).replace(/ +$/, '')
  return kind === 'text' ? String(value) : BigInt(value).toString()
}

/**
 * Types such as `serial` exist only in CREATE TABLE; length limits would cut what is compared, and `char` without one is of a
 * single character.
 */
function withoutLength (type: string): string {
  const base = type.replace(/\(.*\)$/, '').trim()
  const replaced: Record<string, string> = { serial: 'int', smallserial: 'smallint', bigserial: 'bigint', char: 'bpchar', character: 'bpchar' }
  return replaced[base.toLowerCase()] ?? (base.includes('"') ? base : base.toLowerCase())
}

function compareAs (kind: KeyKind): (one: string, other: string) => number {
  if (kind === 'int4') return (one, other) => Number(one) - Number(other)
  if (kind === 'int8') return (one, other) => { const difference = BigInt(one) - BigInt(other); return difference < 0n ? -1 : difference > 0n ? 1 : 0 }
  return (one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other))
}
