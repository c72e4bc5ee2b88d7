import { Type, type TSchema } from '@sinclair/typebox'
import { BigInteger, BoundedInteger, Decimal, Double, Real } from './numbers.ts'
import { Text } from './text.ts'
import { CalendarDate, Interval, LocalTimestamp, TimeOfDay, Timestamp } from './times.ts'

/** What a value is, as far as filters, forms and writers need to know. */
export type ScalarType =
  | 'boolean' | 'integer' | 'bigint' | 'decimal' | 'float' | 'text' | 'date' | 'instant' | 'localTimestamp' | 'time' | 'interval'
  | 'uuid' | 'enum' | 'array' | 'json' | 'custom'

export interface ScalarMapping {
  readonly type: ScalarType
  readonly schema: TSchema
}

/** Any JSON but null. `x-jsonb` refuses what `jsonb` cannot hold: NUL, halves of a surrogate pair, nesting without end. */
export function JsonValue () {
  return Type.Unsafe<unknown>({
    type: ['object', 'array', 'string', 'number', 'boolean'],
    'x-jsonb': true,
    description: 'Any JSON value but null.'
  })
}

interface ColumnType {
  readonly base: string
  readonly arguments: readonly number[]
}

function parse (columnType: string): ColumnType {
  const [, before = columnType, inside = '', after = ''] = /^([^(]+)\(([^)]*)\)(.*)$/.exec(columnType) ?? []
  return {
    base: `${before} ${after}`.toLowerCase().replace(/\s+/g, ' ').trim(),
    arguments: inside === '' ? [] : inside.split(',').map(Number)
  }
}

function text (maxLength?: number): ScalarMapping {
  return {
    type: 'text',
    schema: maxLength === undefined
      ? Text({ description: 'Text.' })
      : Text({ maxLength, description: maxLength === 1 ? 'Text of up to 1 character.' : `Text of up to ${maxLength} characters.` })
  }
}

/** PostgreSQL keeps microseconds unless the column says less. */
const microseconds = 6

/**
 * The schema of a PostgreSQL column type; undefined for types that we do not know.
 * @param holdsDate the entity's property is a `Date`: an instant, even where the column has no time zone (MikroORM writes UTC)
 */
export function mapColumn (columnType: string, holdsDate: boolean = false): ScalarMapping | undefined {
  if (columnType.endsWith('[]')) {
    const items = mapColumn(columnType.slice(0, -2))
    return items && { type: 'array', schema: Type.Array(items.schema, { description: 'A list of values.' }) }
  }
  const { base, arguments: [first, second] } = parse(columnType)
  switch (base) {
    case 'boolean': case 'bool':
      return { type: 'boolean', schema: Type.Boolean({ description: 'True or false.' }) }
    case 'smallint': case 'int2': case 'smallserial':
      return { type: 'integer', schema: BoundedInteger(-32768, 32767) }
    case 'int': case 'integer': case 'int4': case 'serial':
      return { type: 'integer', schema: BoundedInteger(-2147483648, 2147483647) }
    case 'bigint': case 'int8': case 'bigserial':
      return { type: 'bigint', schema: BigInteger() }
    case 'numeric': case 'decimal':
      return { type: 'decimal', schema: Decimal(first, second) }
    case 'real': case 'float4':
      return { type: 'float', schema: Real() }
    case 'double precision': case 'float8': case 'float':
      return { type: 'float', schema: Double() }
    case 'varchar': case 'character varying':
      return text(first)
    case 'char': case 'character': case 'bpchar':
      return text(base === 'bpchar' ? first : first ?? 1)
    case 'text': case 'citext':
      return text()
    case 'date':
      return { type: 'date', schema: CalendarDate() }
    case 'timestamptz': case 'timestamp with time zone':
      return { type: 'instant', schema: Timestamp() }
    case 'timestamp': case 'timestamp without time zone':
      return holdsDate
        ? { type: 'instant', schema: Timestamp() }
        : { type: 'localTimestamp', schema: LocalTimestamp(first ?? microseconds) }
    case 'time': case 'time without time zone':
      return { type: 'time', schema: TimeOfDay(first ?? microseconds, false) }
    case 'timetz': case 'time with time zone':
      return { type: 'time', schema: TimeOfDay(first ?? microseconds, true) }
    case 'interval':
      return { type: 'interval', schema: Interval() }
    case 'uuid':
      return { type: 'uuid', schema: Type.String({ format: 'uuid', description: 'A UUID.', examples: ['0199aa00-7c1e-7000-8000-000000000003'] }) }
    case 'json': case 'jsonb':
      return { type: 'json', schema: JsonValue() }
  }
}
