import t from 'tap'
import { kindValues } from '../../fixtures/kind-values.ts'
import { Kind } from '../../fixtures/kinds.ts'
import { expectHeld, openKinds } from '../../helpers/kinds.ts'

process.env.TZ = 'America/New_York'

const { orm, perform } = await openKinds(t, { write: 'entity' })

for (const [field, values] of Object.entries(kindValues)) {
  t.test(`${field} holds what came in JSON`, async (t) => {
    const read = async () => (await orm.em.fork().findOneOrFail(Kind, 1) as unknown as Record<string, unknown>)[field]
    for (const { json, held, entityJson = json, entityHeld = held } of values) {
      const job = await perform('kinds', { selection: { all: true }, set: { [field]: entityJson } })
      t.match(job, { status: 'succeeded', succeeded: 2, error_message: null }, JSON.stringify(entityJson))
      expectHeld(t, await read(), entityHeld)
      t.match(await perform('kinds', { selection: { all: true }, set: { [field]: entityJson } }), { status: 'succeeded', unchanged: 2 }, 'the same again changes nothing')
    }
    t.match(await perform('kinds', { selection: { ids: [1] }, set: { [field]: null } }), { status: 'succeeded', succeeded: 1 })
    t.equal(await read() ?? null, null)
  })
}

t.test('several fields at once', async (t) => {
  const set = Object.fromEntries(Object.entries(kindValues).map(([field, [first]]) => [field, first!.entityJson ?? first!.json]))
  t.match(await perform('kinds', { selection: { all: true }, set }), { status: 'succeeded', succeeded: 2 })
  t.match(await perform('kinds', { selection: { all: true }, set }), { status: 'succeeded', unchanged: 2 })
})
