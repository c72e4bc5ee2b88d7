/** What a PostgreSQL type, as MikroORM or the catalogue write it, means for statements. */
interface ColumnType {
  /** In lower case, without length, `[]`, and doubled blanks. */
  base: string
  array: boolean
}

function parse (type: string): ColumnType {
  const array = type.endsWith('[]')
  const element = array ? type.replace(/(\[\])+$/, '') : type
  return { base: element.toLowerCase().replace(/\([^)]*\)/, ' ').replace(/\s+/g, ' ').trim(), array }
}

const texts = new Set(['varchar', 'character varying', 'text', 'char', 'character', 'bpchar'])
const others = new Set([
  'boolean', 'bool', 'smallint', 'int2', 'int', 'integer', 'int4', 'bigint', 'int8', 'numeric', 'decimal', 'real', 'float4', 'float8', 'float',
  'double precision', 'date', 'timestamp', 'timestamp without time zone', 'timestamptz', 'timestamp with time zone', 'time', 'time without time zone',
  'timetz', 'time with time zone', 'uuid', 'bytea', 'jsonb'
])
const withoutEquality = new Set(['json', 'interval'])
const serials: Readonly<Record<string, string>> = { smallserial: 'smallint', serial: 'int', bigserial: 'bigint' }

export function isJson (type: string): boolean {
  const { base, array } = parse(type)
  return !array && (base === 'json' || base === 'jsonb')
}

export function isTimestampWithoutZone (type: string): boolean {
  const { base, array } = parse(type)
  return !array && (base === 'timestamp' || base === 'timestamp without time zone')
}

/** A type of the metadata that we know to mean the same to PostgreSQL; empty for the application's own, whose names may need quotes. */
export function knownType (type: string): string {
  const { base } = parse(type)
  if (serials[base] !== undefined) return serials[base]
  return texts.has(base) || others.has(base) || withoutEquality.has(base) ? type : ''
}

/**
 * SQL: the cast that makes a parameter a value of a column; none for an unknown (empty) type, which PostgreSQL infers.
 * A cast to a text of limited length would cut what an assignment refuses.
 */
export function castTo (type: string): string {
  const { base, array } = parse(type)
  if (texts.has(base)) return `::${/^char(acter)?$/.test(base) ? 'bpchar' : base}${array ? '[]' : ''}`
  return type === '' ? '' : `::${type}`
}

/**
 * SQL: whether two expressions of a type differ. Not by the equality of the type where that is not identity: case under
 * some collations, `citext`, bounding boxes of shapes; nor where there is none.
 */
export function differs (left: string, right: string, type: string): string {
  const { base } = parse(type)
  if (texts.has(base)) return `${left} COLLATE "C" IS DISTINCT FROM ${right}`
  if (type === '' || others.has(base)) return `${left} IS DISTINCT FROM ${right}`
  return `(${left})::text COLLATE "C" IS DISTINCT FROM (${right})::text`
}

/** Whether the text PostgreSQL returns for a value of this type may differ from the text it was given: `P1D` as `1 day`, `1.5` as `1.50`. */
export function hasCanonicalText (type: string): boolean {
  return /^(numeric|decimal|uuid|interval|date|time|timetz|timestamp|timestamptz)( |$)/.test(parse(type).base)
}
