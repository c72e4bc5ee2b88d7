import t from 'tap'
import { buildAjv } from '../../src/validation/ajv.ts'
import { mapColumn, type ScalarType } from '../../schemas/entity/column.ts'
import { validationErrors } from '../../src/validation/validation-errors.ts'

interface Case {
  column: string
  type: ScalarType
  fit: readonly unknown[]
  unfit: readonly unknown[]
}

const smile = '😀'

const cases: readonly Case[] = [
  { column: 'boolean', type: 'boolean', fit: [true, false], unfit: ['true', 1, 0, null] },
  { column: 'smallint', type: 'integer', fit: [0, -32768, 32767, 1.0], unfit: [-32769, 32768, 1.5, '1', null, NaN] },
  { column: 'int', type: 'integer', fit: [2147483647, -2147483648], unfit: [2147483648, -2147483649, 1e300] },
  { column: 'integer', type: 'integer', fit: [1], unfit: ['1'] },
  {
    column: 'bigint',
    type: 'bigint',
    fit: ['0', '-1', '10', '9007199254740993', '9223372036854775807', '-9223372036854775808', '999999999999999999', '1000000000000000000'],
    unfit: ['9223372036854775808', '-9223372036854775809', '9999999999999999999', '10000000000000000000', '01', '-0', '1.0', '', ' 1', '1e3', 1, null]
  },
  { column: 'numeric(10,2)', type: 'decimal', fit: ['0', '12345678.99', '-0.5', '1'], unfit: ['123456789', '0.123', '.5', '5.', '1e3', '00.1', 'NaN', 5, '+1'] },
  { column: 'numeric(3,0)', type: 'decimal', fit: ['999', '-999'], unfit: ['1000', '1.0'] },
  { column: 'numeric(2,2)', type: 'decimal', fit: ['0.99', '0', '-0.01'], unfit: ['1', '0.999'] },
  { column: 'decimal(4,1)', type: 'decimal', fit: ['123.4'], unfit: ['1234.5'] },
  { column: 'numeric', type: 'decimal', fit: ['123456789012345678901234567890.123456789'], unfit: ['x', '1e3', '9'.repeat(1001)] },
  { column: 'real', type: 'float', fit: [1.5, -3.4e38], unfit: [3.5e38, '1.5', Infinity] },
  { column: 'double precision', type: 'float', fit: [1e308, -0.1], unfit: ['1', Infinity, NaN] },
  {
    column: 'varchar(4)',
    type: 'text',
    fit: ['', 'abcd', smile.repeat(4)],
    unfit: ['abcde', smile.repeat(5), 'a\0b', 5, null]
  },
  { column: 'character varying(2)', type: 'text', fit: ['ab'], unfit: ['abc'] },
  { column: 'varchar', type: 'text', fit: ['a'.repeat(1000)], unfit: ['\0'] },
  { column: 'char(3)', type: 'text', fit: ['abc', 'a'], unfit: ['abcd'] },
  { column: 'char', type: 'text', fit: ['a'], unfit: ['ab'] },
  { column: 'bpchar', type: 'text', fit: ['ab'], unfit: [1] },
  { column: 'text', type: 'text', fit: ['', 'line\nline', smile], unfit: ['a\0', 1] },
  { column: 'citext', type: 'text', fit: ['Aa'], unfit: [1] },
  { column: 'date', type: 'date', fit: ['2026-11-24', '2024-02-29', '0001-01-01', '9999-12-31'], unfit: ['2026-02-29', '0000-01-01', '2026-1-1', '24.11.2026', '2026-11-24T00:00:00Z', 20261124] },
  {
    column: 'timestamptz',
    type: 'instant',
    fit: ['2026-11-24T09:30:00Z', '2026-11-24T09:30:00.123+01:00', '1969-12-31T23:59:59Z'],
    unfit: ['2026-11-24T09:30:00', '2026-11-24', '2026-02-30T00:00:00Z', '2026-11-24T23:59:60Z', '0000-01-01T00:00:00Z', '2026-11-24T25:00:00Z', '2026-11-24T09:30:00+16:00', '2026-11-24T09:30:00-23:59', 1700000000000]
  },
  { column: 'timestamp(3) with time zone', type: 'instant', fit: ['2026-11-24T09:30:00Z'], unfit: ['2026-11-24T09:30:00'] },
  {
    column: 'timestamp',
    type: 'localTimestamp',
    fit: ['2026-11-24T09:30:00', '2026-11-24T09:30:00.123456', '2026-11-24T09:30', '2024-02-29T00:00', '2000-02-29T00:00', '2026-12-31T00:00', '2026-04-30T00:00'],
    unfit: ['2026-11-24T09:30:00Z', '2026-11-24T09:30:00.1234567', '2026-13-24T09:30:00', '0000-11-24T09:30:00', '2026-02-29T00:00', '1900-02-29T00:00', '2026-02-30T00:00', '2026-04-31T00:00', '2026-01-00T00:00', '2026-01-32T00:00']
  },
  { column: 'timestamp(0) without time zone', type: 'localTimestamp', fit: ['2026-11-24T09:30:00'], unfit: ['2026-11-24T09:30:00.1'] },
  { column: 'time', type: 'time', fit: ['09:30', '23:59:59.999999'], unfit: ['24:00:00', '9:30', '09:30:00Z', '09:60'] },
  { column: 'time(0)', type: 'time', fit: ['09:30:00'], unfit: ['09:30:00.5'] },
  { column: 'time(3) with time zone', type: 'time', fit: ['09:30:00.123+02:00', '09:30:00Z'], unfit: ['09:30:00', '09:30:00.1234Z'] },
  { column: 'interval', type: 'interval', fit: ['P1D', 'PT2H30M', 'P2W', 'P1Y2M3DT4H5M6S'], unfit: ['1 day', 'P', 'PT', 'P178956971Y', '', 5] },
  {
    column: 'uuid',
    type: 'uuid',
    fit: ['0199aa00-7c1e-7000-8000-000000000003', '0199AA00-7C1E-7000-8000-000000000003'],
    unfit: ['urn:uuid:0199aa00-7c1e-7000-8000-000000000003', '0199aa007c1e70008000000000000003', 'x', '{0199aa00-7c1e-7000-8000-000000000003}']
  },
  {
    column: 'jsonb',
    type: 'json',
    fit: [{}, [], 'text', 0, false, { a: { b: [null, smile] } }],
    unfit: [null, 'a\0', { a: ['\0'] }, { 'a\0': 1 }, '\ud800', { a: '\udc00x' }, nested(101)]
  },
  { column: 'json', type: 'json', fit: [nested(100)], unfit: [null] },
  { column: 'text[]', type: 'array', fit: [[], ['a', 'b']], unfit: ['a', [1], [null], ['\0']] },
  { column: 'int[][]', type: 'array', fit: [[[1], [2]]], unfit: [[1], [[1.5]]] }
]

function nested (depth: number): unknown {
  let value: unknown = 1
  for (let level = 0; level < depth; level++) value = [value]
  return value
}

for (const { column, type, fit, unfit } of cases) {
  t.test(column, async (t) => {
    const mapping = mapColumn(column)!
    t.equal(mapping.type, type)
    t.type(mapping.schema.description, 'string')
    const validate = buildAjv([], 'body').compile(mapping.schema)
    for (const value of fit) {
      t.ok(validate(value), `${JSON.stringify(value)} fits`)
      t.same(validationErrors(mapping.schema, value), [], 'and has no mistake')
    }
    for (const value of unfit) {
      const shown = JSON.stringify(value)?.slice(0, 60) ?? String(value)
      t.notOk(validate(value), `${shown} does not fit`)
      t.ok(validationErrors(mapping.schema, value).length > 0, 'and its mistake is told')
    }
  })
}

t.test('a property that is a Date is an instant, whatever its column', async (t) => {
  t.equal(mapColumn('timestamp', true)?.type, 'instant')
  t.equal(mapColumn('timestamp', false)?.type, 'localTimestamp')
})

t.test('examples fit their own schema', async (t) => {
  const ajv = buildAjv([], 'body')
  for (const { column } of cases) {
    const { schema } = mapColumn(column)!
    for (const example of schema.examples ?? []) t.ok(ajv.validate(schema, example), `${column}: ${example}`)
  }
})

t.test('types that we do not know have no schema', async (t) => {
  for (const column of ['bytea', 'tsvector', 'inet', 'geometry(Point,4326)', 'my_enum', 'bytea[]', 'xml', 'int4range']) t.equal(mapColumn(column), undefined, column)
})
