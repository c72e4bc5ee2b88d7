import t from 'tap'
import { Account, Kind, kinds, Place, Spot } from '../fixtures/kinds.ts'
import { openBulk } from '../helpers/bulk.ts'

// Nothing may depend on where the process is: neither offsets nor days.
process.env.TZ = 'America/New_York'

const utc = (text: string) => new Date(text)

/** What comes in JSON, what the entity then holds, and (where the entity would hide it) what the database does. */
interface FieldCase {
  json: unknown
  held: unknown
  stored?: string
}

const cases: Record<string, FieldCase[]> = {
  flag: [{ json: true, held: true }, { json: false, held: false }],
  small: [{ json: -32768, held: -32768 }],
  whole: [{ json: 2147483647, held: 2147483647 }],
  big: [{ json: '9007199254740993', held: 9007199254740993n }, { json: '-9223372036854775808', held: -9223372036854775808n }],
  bigText: [{ json: '9007199254740993', held: '9007199254740993' }],
  price: [{ json: '123456789012345678.000000000001', held: '123456789012345678.000000000001' }, { json: '0.1', held: '0.100000000000' }],
  number: [{ json: '12.50', held: 12.5 }],
  ratio: [{ json: 0.1 + 0.2, held: 0.1 + 0.2 }, { json: 1e300, held: 1e300 }],
  single: [{ json: 1.5, held: 1.5 }],
  name: [{ json: 'Ünï "c" \'q\'', held: 'Ünï "c" \'q\'' }, { json: '', held: '' }, { json: 'null', held: 'null' }],
  renamed: [{ json: 'x\\y', held: 'x\\y' }],
  body: [{ json: 'line\nline\t😀', held: 'line\nline\t😀' }],
  letters: [{ json: 'ab', held: 'ab ' }],
  anyCase: [{ json: 'Foo', held: 'Foo' }, { json: 'foo', held: 'foo' }],
  day: [{ json: '2026-02-28', held: '2026-02-28' }, { json: '0001-01-01', held: '0001-01-01' }],
  at: [
    { json: '2026-11-24T09:30:00+02:00', held: utc('2026-11-24T07:30:00Z') },
    { json: '2026-11-24T09:30:00.123456Z', held: utc('2026-11-24T09:30:00.123Z'), stored: '2026-11-24 09:30:00.123456+00' }
  ],
  atMillis: [{ json: '2026-11-24T09:30:00.1234567-05:30', held: utc('2026-11-24T15:00:00.123Z'), stored: '2026-11-24 15:00:00.123+00' }],
  wall: [
    { json: '2026-11-24T09:30:00.123456+02:00', held: utc('2026-11-24T07:30:00.123Z'), stored: '2026-11-24 07:30:00.123456' },
    { json: '2026-06-24T00:30:00-08:00', held: utc('2026-06-24T08:30:00Z'), stored: '2026-06-24 08:30:00' }
  ],
  wallText: [{ json: '2026-11-24T09:30:00.123', held: '2026-11-24 09:30:00.123' }],
  opens: [{ json: '09:30:00', held: '09:30:00' }, { json: '10:30', held: '10:30:00' }],
  opensExactly: [{ json: '09:30:00.123456', held: '09:30:00.123456' }],
  opensThere: [{ json: '09:30:00+05:30', held: '09:30:00+05:30' }],
  lasts: [{ json: 'P1DT2H3M', held: { days: 1, hours: 2, minutes: 3 }, stored: '1 day 02:03:00' }, { json: 'PT24H', held: { hours: 24 }, stored: '24:00:00' }, { json: 'P1D', held: { days: 1 }, stored: '1 day' }],
  ref: [{ json: '0199AA00-7C1E-7000-8000-000000000003', held: '0199aa00-7c1e-7000-8000-000000000003' }],
  status: [{ json: 'done', held: 'done' }],
  mood: [{ json: "can't", held: "can't" }, { json: 'so so', held: 'so so' }],
  level: [{ json: 3, held: 3 }],
  domain: [{ json: '12345', held: '12345' }],
  words: [{ json: ['a b', '', 'null', 'NULL', ' x ', '{}', 'q"\\,', 'Ü'], held: ['a b', '', 'null', 'NULL', ' x ', '{}', 'q"\\,', 'Ü'] }, { json: [], held: [] }],
  numbers: [{ json: [3, -1, 2147483647], held: [3, -1, 2147483647] }],
  colours: [{ json: ['dark blue', 'red'], held: ['dark blue', 'red'] }],
  moods: [{ json: ["can't", 'so so'], held: ["can't", 'so so'] }],
  moments: [{ json: ['2026-11-24T09:30:00+02:00'], held: ['2026-11-24 07:30:00+00'] }],
  document: [
    { json: { a: [1, null, { b: 'x' }] }, held: { a: [1, null, { b: 'x' }] } },
    { json: [], held: [] }, { json: 'text', held: 'text' }, { json: '7', held: '7' }, { json: 7, held: 7 }, { json: false, held: false }
  ],
  // The order of members is that of the job's own document.
  plainJson: [{ json: { b: 1, a: [] }, held: { b: 1, a: [] }, stored: '{"a":[],"b":1}' }],
  heat: [{ json: 36.6, held: { degrees: 36.6 }, stored: '36.6°' }],
  shouted: [{ json: 'Hey', held: 'hey', stored: 'HEY' }],
  wordSet: [{ json: ['b', 'a'], held: new Set(['a', 'b']), stored: '{"words": ["a", "b"]}' }],
  home: [
    { json: { streetName: 'Main', zip: '1', since: '2026-11-24T09:30:00+02:00', big: '9007199254740993', geo: { lat: 1.5, lng: -2 } }, held: { streetName: 'Main', zip: '1', since: utc('2026-11-24T07:30:00Z'), big: 9007199254740993n, geo: { lat: 1.5, lng: -2 } } },
    { json: { zip: '2', geo: { lat: 7 } }, held: { streetName: 'Main', zip: '2', geo: { lat: 7, lng: -2 } } }
  ],
  work: [
    { json: { streetName: 'Main', zip: '1', since: '2026-11-24T09:30:00.000Z', big: '9007199254740993', geo: { lat: 1.5, lng: -2 } }, held: { streetName: 'Main', zip: '1', since: utc('2026-11-24T09:30:00Z'), big: 9007199254740993n, geo: { lat: 1.5, lng: -2 } } },
    { json: { streetName: 'Side', zip: null }, held: { streetName: 'Side' } }
  ],
  past: [{ json: [{ streetName: 'One' }, { streetName: 'Two', geo: { lat: 1, lng: 2 } }], held: [{ streetName: 'One' }, { streetName: 'Two', geo: { lat: 1, lng: 2 } }] }],
  place: [{ json: 7, held: { id: 7 } }],
  account: [{ json: '9007199254740993', held: { id: 9007199254740993n } }],
  spot: [{ json: { row: 'A', number: 7 }, held: { row: 'A', number: 7 } }]
}

const { orm, rows, perform } = await openBulk(t, {
  entities: kinds,
  before: `
    CREATE COLLATION any_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
    CREATE DOMAIN zip_code AS varchar(5) CHECK (VALUE ~ '^[0-9]+$');
    CREATE SCHEMA field`,
  resources: { kinds: { entity: Kind } },
  async seed (client, orm) {
    await client.query('INSERT INTO field."kind of ""field""" (id) VALUES (1), (2)')
    const em = orm.em.fork()
    em.create(Place, { id: 7 })
    em.create(Account, { id: 9007199254740993n })
    em.create(Spot, { row: 'A', number: 7 })
    await em.flush()
  }
})

t.test('every property is here', async (t) => {
  const names = orm.getMetadata().get(Kind).props.filter((prop) => prop.embedded === undefined && !prop.primary && !prop.version).map(({ name }) => name)
  t.same(Object.keys(cases).sort(), names.sort())
})

for (const [field, values] of Object.entries(cases)) {
  t.test(`${field} is written as it came, and read as MikroORM reads it`, async (t) => {
    const read = async () => (await orm.em.fork().findOneOrFail(Kind, 1) as unknown as Record<string, unknown>)[field]
    const column = orm.getMetadata().get(Kind).properties[field as never] as { fieldNames: string[] }
    for (const { json, held, stored } of values) {
      const job = await perform('kinds', { selection: { all: true }, set: { [field]: json } })
      t.match(job, { status: 'succeeded', succeeded: 2, error_message: null }, JSON.stringify(json))
      const value = await read()
      // Embedded objects hold more than their own members.
      if (isDocument(held) || (Array.isArray(held) && held.some(isDocument))) t.match(value, held)
      else t.same(value, held)
      if (stored !== undefined) {
        const name = column.fieldNames[0]!.replaceAll('"', '""')
        t.same(await rows(`SELECT "${name}"::text AS stored FROM field."kind of ""field""" WHERE id = 1`), [{ stored }])
      }
      const again = await perform('kinds', { selection: { all: true }, set: { [field]: json } })
      t.match(again, { status: 'succeeded', succeeded: 0, unchanged: 2 }, 'the same again changes nothing')

      // What MikroORM makes of it when it writes it itself is the same.
      const em = orm.em.fork()
      const entity = await em.findOneOrFail(Kind, 1)
      em.getUnitOfWork().computeChangeSet(entity)
      t.same(em.getUnitOfWork().getChangeSets().map(({ payload }) => payload), [], 'MikroORM sees no difference')
    }
    const emptied = await perform('kinds', { selection: { ids: [1] }, set: { [field]: null } })
    t.match(emptied, { status: 'succeeded', succeeded: 1 })
    t.equal(await read() ?? null, null)
  })
}

function isDocument (value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
}

t.test('a text that is too long for its column is refused, and never cut', async (t) => {
  for (const set of [{ name: 'x'.repeat(13) }, { renamed: 'xxxxxx' }, { letters: 'abcd' }, { shouted: 'x'.repeat(21) }]) {
    const job = await perform('kinds', { selection: { all: true }, set })
    t.match(job, { status: 'failed', error_row_code: 'value_too_long' })
  }
  const domain = await perform('kinds', { selection: { all: true }, set: { domain: 'abc' } })
  t.match(domain, { status: 'failed', error_row_code: 'check_violation' })
})

t.test('several fields at once', async (t) => {
  const set = Object.fromEntries(Object.entries(cases).map(([field, [first]]) => [field, first!.json]))
  t.match(await perform('kinds', { selection: { all: true }, set }), { status: 'succeeded', succeeded: 2 })
  t.match(await perform('kinds', { selection: { all: true }, set }), { status: 'succeeded', unchanged: 2 })
})
