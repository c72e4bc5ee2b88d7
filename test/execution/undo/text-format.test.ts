import { defineEntity, p } from '@mikro-orm/core'
import t from 'tap'
import { openBulk } from '../../helpers/bulk.ts'
import { until } from '../../helpers/until.ts'

const Measure = defineEntity({
  name: 'Measure',
  properties: {
    day: p.date().primary(),
    amount: p.double().nullable(),
    at: p.datetime().nullable(),
    span: p.string().columnType('interval').nullable(),
    label: p.string().nullable()
  }
})

/** What a database administrator can set for a role or a database. */
const settings = ["DateStyle = 'SQL, DMY'", "IntervalStyle = 'sql_standard'", 'extra_float_digits = 0', "TimeZone = 'Asia/Kathmandu'"]

for (const write of ['set', 'entity'] as const) {
  t.test(`values come back exactly, whatever the format of text is set to (${write})`, async (t) => {
    const { perform, undo, rows, client } = await openBulk(t, {
      entities: [Measure],
      resources: { measures: { entity: Measure, bulkFields: ['amount', 'at', 'span', 'label'], undo: true, write } },
      before: settings.map((setting) => `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET ${setting.replaceAll("'", "''")}', current_database()); END $$`).join(';'),
      seed: (client) => client.query(`
        INSERT INTO measure (day, amount, at, span)
        SELECT date '2026-01-01' + n, n / 3.0::float8, timestamptz '2026-02-03 04:05:06.789012Z' + n * interval '1 day', interval '1 year -2 days 03:04:05.6' * n
        FROM generate_series(1, 40) n`)
    })
    const state = () => rows('SELECT day, amount::numeric(30, 25)::text, amount = (extract(doy FROM day)::int - 1) / 3.0::float8 AS exact, at, span, label FROM measure ORDER BY day')
    const before = await state()
    const done = await perform('measures', { selection: { all: true }, set: { amount: 0.1, at: '2026-11-24T12:00:00Z', span: '1 day', label: 'x' } })
    t.match(done, { status: 'succeeded', succeeded: 40 })
    // The next sessions are in another time zone.
    await client.query("DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET TimeZone = ''America/St_Johns''', current_database()); END $$")
    await client.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()')
    // Pools notice terminated connections when they use them.
    const undone = await until(() => undo(done).catch(({ code }) => code === 'unavailable' ? undefined : code), { what: 'an undo' })
    t.match(undone, { status: 'succeeded', succeeded: 40, skipped: 0 })
    t.same(await state(), before)
  })
}
