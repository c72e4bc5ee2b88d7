import { defineEntity, p } from '@mikro-orm/core'
import t from 'tap'
import type { WireKey } from '../../../src/entities/record-key.ts'
import { openBulk } from '../../helpers/bulk.ts'

const state = { name: p.string(), state: p.string().default('old') }
const ByInteger = defineEntity({ name: 'ByInteger', properties: { id: p.integer().primary(), ...state } })
const BySmall = defineEntity({ name: 'BySmall', properties: { id: p.smallint().primary(), ...state } })
const ByBigint = defineEntity({ name: 'ByBigint', properties: { id: p.bigint().primary(), ...state } })
const ByUuid = defineEntity({ name: 'ByUuid', properties: { id: p.uuid().primary(), ...state } })
const ByText = defineEntity({ name: 'ByText', properties: { code: p.string().length(20).primary(), ...state } })
const ByCollated = defineEntity({ name: 'ByCollated', properties: { code: p.string().length(20).primary().collation('de-x-icu'), ...state } })
const ByChar = defineEntity({ name: 'ByChar', properties: { code: p.character().length(2).primary(), ...state } })
const ByDate = defineEntity({ name: 'ByDate', properties: { day: p.date().primary(), ...state } })
const ByLetter = defineEntity({ name: 'ByLetter', properties: { letter: p.enum(['b', 'a', 'c']).nativeEnumName('Letter').primary(), ...state } })
const ByAnyCase = defineEntity({ name: 'ByAnyCase', properties: { code: p.string().columnType('varchar(20)').collation('any_case').primary(), ...state } })
const ByPair = defineEntity({ name: 'ByPair', properties: { row: p.string().primary(), number: p.integer().primary(), ...state } })
const ByCharPair = defineEntity({ name: 'ByCharPair', properties: { code: p.character().length(2).primary(), number: p.integer().primary(), ...state } })
const ByReference = defineEntity({
  name: 'ByReference',
  properties: { owner: () => p.manyToOne(ByBigint).primary(), place: p.uuid().primary(), ...state }
})
const entities = [ByInteger, BySmall, ByBigint, ByUuid, ByText, ByCollated, ByChar, ByDate, ByLetter, ByPair, ByCharPair, ByReference]

const uuid = (n: number) => `0199a3a8-5b1c-7000-8000-${n.toString(16).padStart(12, '0')}`
/** Sorted differently by "C", by the database's collation, and by a German one. */
const words = ['Äpfel', 'Zebra', 'apfel', 'zebra', 'Apfel', 'äpfel', 'straße', 'strasse', 'a"b\\c', '€uro', '😀', 'ab', 'a b']

interface KeyCase {
  entity: object
  table: string
  /** Inserts rows of these keys. */
  keys: WireKey[]
  columns: string[]
  absent: WireKey
}

const cases: Record<string, KeyCase> = {
  integer: { entity: ByInteger, table: 'by_integer', keys: [-5, 0, 1, 9, 10, 100, 2147483647], columns: ['id'], absent: 7 },
  smallint: { entity: BySmall, table: 'by_small', keys: [-5, 1, 9, 10, 32767], columns: ['id'], absent: 7 },
  bigint: { entity: ByBigint, table: 'by_bigint', keys: ['-9', '1', '9', '10', '9007199254740993', '9007199254740992'], columns: ['id'], absent: '9007199254740991' },
  uuid: { entity: ByUuid, table: 'by_uuid', keys: [1, 2, 9, 10, 255].map(uuid), columns: ['id'], absent: uuid(3) },
  text: { entity: ByText, table: 'by_text', keys: words, columns: ['code'], absent: 'nothing' },
  'text-of-a-collation-of-its-own': { entity: ByCollated, table: 'by_collated', keys: words, columns: ['code'], absent: 'nothing' },
  'text-of-a-fixed-length': { entity: ByChar, table: 'by_char', keys: ['DE', 'DK', 'D ', 'NL'], columns: ['code'], absent: 'FR' },
  date: { entity: ByDate, table: 'by_date', keys: ['2026-02-28', '2026-03-01', '1999-12-31'], columns: ['day'], absent: '2026-03-02' },
  'an-enum-of-the-database': { entity: ByLetter, table: 'by_letter', keys: ['b', 'a'], columns: ['letter'], absent: 'c' },
  composite: {
    entity: ByPair, table: 'by_pair', keys: words.flatMap((row) => [1, 2, 10].map((number) => ({ row, number }))), columns: ['row', 'number'], absent: { row: 'A', number: 3 }
  },
  'composite-with-text-of-a-fixed-length': {
    entity: ByCharPair, table: 'by_char_pair', keys: [{ code: 'DE', number: 1 }, { code: 'DK', number: 1 }, { code: 'D ', number: 2 }], columns: ['code', 'number'], absent: { code: 'DE', number: 2 }
  },
  'composite-with-a-reference': {
    entity: ByReference,
    table: 'by_reference',
    keys: [{ owner: '9007199254740993', place: uuid(1) }, { owner: '9007199254740993', place: uuid(2) }, { owner: '1', place: uuid(1) }, { owner: '10', place: uuid(1) }],
    columns: ['owner_id', 'place'],
    absent: { owner: '9', place: uuid(1) }
  }
}

function parts (key: WireKey): (number | string)[] {
  return typeof key === 'object' ? Object.values(key) : [key]
}

t.test('records of every kind of key are updated and deleted, by ids and by filter', async (t) => {
  const resources = Object.fromEntries(Object.entries(cases).map(([name, { entity }]) => [name, { entity }]))
  const { rows, perform, unwritten } = await openBulk(t, {
    entities,
    resources,
    async seed (client) {
      for (const { table, keys, columns } of Object.values(cases)) {
        for (const key of keys) {
          const values = parts(key)
          await client.query(`INSERT INTO ${table} (${columns.join(', ')}, name) VALUES (${values.map((_, index) => `$${index + 1}`).join(', ')}, 'x')`, values)
        }
      }
    }
  })

  // Those that refer to others come last, and are emptied first.
  for (const [name, { table, keys, absent }] of Object.entries(cases).reverse()) {
    await t.test(name, async (t) => {
      const [first, ...others] = keys
      const updated = await perform(name, { selection: { ids: [...others, absent].reverse() }, set: { state: 'new' } })
      t.match(updated, { status: 'succeeded', total: keys.length, succeeded: others.length, missing: 1, unchanged: 0 })
      t.equal((await unwritten(updated)).length, 1)
      t.same(await rows(`SELECT count(*)::int FROM ${table} WHERE state = 'old'`), [{ count: 1 }])

      const again = await perform(name, { selection: { all: true }, set: { state: 'new' } })
      t.match(again, { succeeded: 1, unchanged: others.length })

      const deleted = await perform(name, { selection: { ids: [first!, absent] } })
      t.match(deleted, { status: 'succeeded', succeeded: 1, missing: 1 })
      t.same(await rows(`SELECT count(*)::int FROM ${table}`), [{ count: others.length }])
      const rest = await perform(name, { selection: { all: true } })
      t.match(rest, { status: 'succeeded', succeeded: others.length })
    })
  }
})

t.test('pages of selections begin behind the last key of any kind', async (t) => {
  const kinds = { ByChar: { entity: ByChar }, ByDate: { entity: ByDate }, ByLetter: { entity: ByLetter }, ByCharPair: { entity: ByCharPair } }
  const { perform, rows } = await openBulk(t, {
    entities: Object.values(kinds).map(({ entity }) => entity),
    resources: kinds,
    settings: { chunkSize: 2 },
    async seed (client) {
      await client.query(`
        INSERT INTO by_char (code, name) VALUES ('D', 'x'), ('DE', 'x'), ('DK', 'x'), ('DL', 'x'), ('NL', 'x');
        INSERT INTO by_date (day, name) SELECT date '2026-02-27' + n, 'x' FROM generate_series(1, 5) n;
        INSERT INTO by_letter (letter, name) VALUES ('a', 'x'), ('b', 'x'), ('c', 'x');
        INSERT INTO by_char_pair (code, number, name) SELECT code, n, 'x' FROM (VALUES ('D'), ('DE'), ('DK')) AS c (code), generate_series(1, 2) n`)
    }
  })
  for (const [name, table] of Object.entries({ ByChar: 'by_char', ByDate: 'by_date', ByLetter: 'by_letter', ByCharPair: 'by_char_pair' })) {
    const [{ count }] = await rows<{ count: number }>(`SELECT count(*)::int FROM ${table}`) as [{ count: number }]
    t.match(await perform(name, { selection: { all: true }, set: { state: 'new' } }), { status: 'succeeded', total: count, succeeded: count }, name)
  }
  t.match(await perform('ByChar', { selection: { all: true, exclude: ['D'] }, set: { state: 'newer' } }), { total: 4, succeeded: 4 })
  t.same(await rows("SELECT code FROM by_char WHERE state = 'new'"), [{ code: 'D ' }], 'what is left out is not taken for another')
})

t.test('a key in other letters is no key, also where the collation takes it for the same', async (t) => {
  const { perform } = await openBulk(t, {
    entities: [ByAnyCase],
    before: "CREATE COLLATION any_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false)",
    resources: { it: { entity: ByAnyCase } },
    settings: { chunkSize: 2 },
    seed: (client) => client.query("INSERT INTO by_any_case (code, name) SELECT initcap(w), w FROM unnest(ARRAY['anna', 'berta', 'clara']) w")
  })
  const job = await perform('it', { selection: { ids: ['ANNA', 'BERTA', 'Clara', 'Dora'] }, set: { state: 'new' } })
  t.match(job, { status: 'succeeded', total: 4, succeeded: 1, missing: 3 })
})

t.test('a statement finds its rows by the index, whatever the collation of the key', async (t) => {
  const tables = { ByInteger: 'by_integer', ByUuid: 'by_uuid', ByText: 'by_text', ByCollated: 'by_collated', ByPair: 'by_pair' }
  const { engine, rows, perform, client } = await openBulk(t, {
    entities,
    resources: { ByInteger: { entity: ByInteger }, ByUuid: { entity: ByUuid }, ByText: { entity: ByText }, ByCollated: { entity: ByCollated }, ByPair: { entity: ByPair } },
    async seed (client) {
      await client.query(`
        INSERT INTO by_integer (id, name) SELECT n, 'x' FROM generate_series(1, 20000) n;
        INSERT INTO by_uuid (id, name) SELECT gen_random_uuid(), 'x' FROM generate_series(1, 20000) n;
        INSERT INTO by_text (code, name) SELECT 'key ' || n, 'x' FROM generate_series(1, 20000) n;
        INSERT INTO by_collated (code, name) SELECT 'Ä ' || n, 'x' FROM generate_series(1, 20000) n;
        INSERT INTO by_pair ("row", number, name) SELECT 'row ' || n, n, 'x' FROM generate_series(1, 20000) n`)
      await client.query('ANALYZE')
    }
  })
  for (const [name, table] of Object.entries(tables)) {
    await perform(name, { selection: { filter: { name: 'y' } }, set: { state: 'new' } })
    await t.test(name, async (t) => {
      const { key } = engine.resources.get(name)!
      const sample = `(SELECT array_agg(key) FROM (SELECT ${key.stored('s')} AS key FROM ${table} s LIMIT 100) AS sample)`
      await client.query(`CREATE TEMP TABLE IF NOT EXISTS chunk_${key.kind} AS SELECT NULL::${key.kind}[]${key.kind === 'text' ? ' COLLATE "C"' : ''} AS keys`)
      await client.query(`TRUNCATE chunk_${key.kind}`)
      await client.query(`INSERT INTO chunk_${key.kind} SELECT ${sample}`)
      const plan = await rows(`EXPLAIN UPDATE ${table} AS t SET state = 'new' WHERE ${key.among('t', `(SELECT keys FROM chunk_${key.kind})`)} AND (t.state IS DISTINCT FROM 'new')`)
      const steps = plan.map((row) => Object.values(row)[0]).join('\n')
      t.match(steps, new RegExp(`Index (Only )?Scan (using|on) ${table}_pkey`))
      t.notMatch(steps, new RegExp(`Seq Scan on ${table}`))
    })
  }
})
