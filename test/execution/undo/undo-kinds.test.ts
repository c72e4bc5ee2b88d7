import t from 'tap'
import { finerValues, kindValues } from '../../fixtures/kind-values.ts'
import { openKinds } from '../../helpers/kinds.ts'

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

for (const write of ['set', 'entity'] as const) {
  t.test(`what an entity cannot hold comes back to the last digit, written by ${write}`, async (t) => {
    const { engine, perform, undo, rows, unwritten } = await openKinds(t, { write, undo: true })
    const { columns } = engine.resources.get('kinds')!
    for (const id of [1, 2]) {
      const assignments = Object.entries(finerValues).map(([column], index) => `"${column}" = $${index + 1}::text::${columns.get(column)!.type}`)
      await rows(`UPDATE field."kind of ""field""" SET ${assignments.join(', ')} WHERE id = ${id}`, Object.values(finerValues).map((texts) => texts[id - 1] ?? texts[0]))
    }
    const texts = Object.keys(finerValues).map((column) => `"${column}"::text`).join(', ')
    const state = () => rows(`SELECT ${texts} FROM field."kind of ""field""" ORDER BY id`)
    const before = await state()
    const set = Object.fromEntries(Object.entries(kindValues).map(([field, [value]]) => [field, write === 'entity' ? value!.entityJson ?? value!.json : value!.json]))
    const done = await perform('kinds', { selection: { all: true }, set })
    t.match(done, { status: 'succeeded', succeeded: 2, error_message: null })
    const undone = await undo(done)
    t.same(await unwritten(undone), [])
    t.match(undone, { status: 'succeeded', succeeded: 2 })
    t.same(await state(), before)
    t.same(await rows('SELECT version FROM field."kind of ""field"""'), [{ version: 3 }, { version: 3 }], 'each is written once')
  })
}
