import t from 'tap'
import { kindValues } from '../fixtures/kind-values.ts'
import { openKinds } from '../helpers/kinds.ts'

process.env.TZ = 'America/New_York'

const rounds = Math.max(...Object.values(kindValues).map((values) => values.length))

for (const write of ['set', 'entity'] as const) {
  t.test(`every kind of field comes back to what it was, written by ${write}`, async (t) => {
    const { perform, undo, rows } = await openKinds(t, { write, undo: true })
    const state = async () => (await rows<{ row: string }>('SELECT row_to_json(t)::text AS row FROM field."kind of ""field""" t ORDER BY id'))
      .map(({ row }) => ({ ...JSON.parse(row), version: 0 }))
    for (let round = 0; round < rounds; round++) {
      const set = Object.fromEntries(Object.entries(kindValues).flatMap(([field, values]) => {
        const value = values[round % values.length]!
        return [[field, write === 'entity' ? value.entityJson ?? value.json : value.json]]
      }))
      const empty = await state()
      const filled = await perform('kinds', { selection: { all: true }, set })
      t.match(filled, { status: 'succeeded', succeeded: 2, error_message: null })
      const full = await state()
      const nulls = Object.fromEntries(Object.keys(kindValues).map((field) => [field, null]))
      const emptied = await perform('kinds', { selection: { ids: [1] }, set: nulls })
      t.match(await undo(emptied), { status: 'succeeded', succeeded: 1, skipped: 0, error_message: null })
      t.same(await state(), full)
      t.match(await undo(filled), { status: 'succeeded', succeeded: 2, skipped: 0, error_message: null })
      t.same(await state(), empty)
    }
  })
}
