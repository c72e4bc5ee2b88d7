import { defineEntity, p } from '@mikro-orm/core'
import t from 'tap'
import { openBulk } from '../helpers/bulk.ts'

process.env.TZ = 'America/New_York'

const Visit = defineEntity({
  name: 'Visit',
  properties: { id: p.integer().primary(), wall: p.datetime().columnType('timestamp'), at: p.datetime() }
})

const zones = {
  'an offset': { forceUtcTimezone: false, timezone: '+05:30' },
  'an offset to the west': { forceUtcTimezone: false, timezone: '-03:00' },
  'that of the process': { forceUtcTimezone: false },
  UTC: {}
}

for (const [name, options] of Object.entries(zones)) {
  t.test(`an instant in a column without zone is the one that MikroORM reads there: its zone is ${name}`, async (t) => {
    const { orm, perform } = await openBulk(t, { entities: [Visit], options, resources: { visits: { entity: Visit } } })
    const em = orm.em.fork()
    const instants = ['2026-01-24T23:30:00+02:00', '2026-07-24T03:15:00.500Z']
    instants.forEach((text, id) => em.create(Visit, { id, wall: new Date(text), at: new Date(text) }))
    await em.flush()
    for (const [id, text] of instants.entries()) {
      const same = await perform('visits', { selection: { ids: [id] }, set: { wall: text, at: text } })
      // With a zone that is not the process's, MikroORM itself reads something else than it writes.
      if (!('timezone' in options)) t.match(same, { status: 'succeeded', unchanged: 1 }, 'it is what MikroORM has written')
      const other = new Date(Date.parse(text) + 3_600_000)
      await perform('visits', { selection: { ids: [id] }, set: { wall: other.toISOString(), at: other.toISOString() } })
      t.match(await orm.em.fork().findOneOrFail(Visit, id), { wall: other, at: other })
    }
  })
}
