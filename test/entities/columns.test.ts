import t from 'tap'
import { kindValues as cases } from '../fixtures/kind-values.ts'
import { Kind } from '../fixtures/kinds.ts'
import { expectHeld, openKinds } from '../helpers/kinds.ts'

// Nothing may depend on where the process is: neither offsets nor days.
process.env.TZ = 'America/New_York'

const { orm, rows, perform } = await openKinds(t)

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
      expectHeld(t, await read(), held)
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
