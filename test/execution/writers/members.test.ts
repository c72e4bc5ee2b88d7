import t from 'tap'
import { itemsEngine } from '../../helpers/items.ts'

type Items = Awaited<ReturnType<typeof itemsEngine>>

async function labelsOf ({ engine }: Items, id: number): Promise<number[]> {
  const rows = await engine.database.query<{ label_id: number }>('SELECT label_id FROM item_labels WHERE item_id = $1 ORDER BY label_id', [id])
  return rows.map(({ label_id: label }) => label)
}

t.test('members are added, removed and replaced, and a record that has them already is unchanged', async (t) => {
  const items = await itemsEngine(t)
  const run = async (ids: number[], labels: object, more = {}) => items.workOn(await items.launch({ selection: { ids }, set: { labels, ...more } }))
  t.same([await labelsOf(items, 1), await labelsOf(items, 2)], [[2], [3]])

  t.match(await run([1, 2, 900], { add: [2, 5] }), { status: 'succeeded', succeeded: 2, unchanged: 0, missing: 1 })
  t.same([await labelsOf(items, 1), await labelsOf(items, 2)], [[2, 5], [2, 3, 5]])

  t.match(await run([1, 2], { remove: [3] }), { status: 'succeeded', succeeded: 1, unchanged: 1 })
  t.same([await labelsOf(items, 1), await labelsOf(items, 2)], [[2, 5], [2, 5]])

  t.match(await run([1, 3], { replace: [5, 2] }), { status: 'succeeded', succeeded: 1, unchanged: 1 })
  t.same(await labelsOf(items, 3), [2, 5])

  t.match(await run([1, 2], { add: [1], remove: [5] }, { status: 'done' }), { status: 'succeeded', succeeded: 2 })
  t.same(await labelsOf(items, 1), [1, 2])
  t.match(await run([1, 2], { replace: [] }), { succeeded: 2 })
  t.same(await labelsOf(items, 2), [])
})

t.test('other records keep their members', async (t) => {
  const items = await itemsEngine(t)
  await items.workOn(await items.launch({ selection: { ids: [1] }, set: { labels: { replace: [4] } } }))
  t.same([await labelsOf(items, 1), await labelsOf(items, 6)], [[4], [2]])
})

t.test('a member that does not exist is refused by name; a removed one need not exist', async (t) => {
  const items = await itemsEngine(t)
  await t.rejects(items.launch({ selection: { ids: [1] }, set: { labels: { add: [1, 77] } } }), {
    code: 'reference_not_found', statusCode: 422, errors: [{ path: '/set/labels/add/1' }]
  })
  await t.rejects(items.launch({ selection: { ids: [1] }, set: { labels: { replace: [78] } } }), { code: 'reference_not_found' })
  t.match(await items.workOn(await items.launch({ selection: { ids: [1] }, set: { labels: { remove: [77] } } })), { status: 'succeeded', unchanged: 1 })
})

t.test('under rollback members are rolled back with everything else', async (t) => {
  const items = await itemsEngine(t, { forbidden: [2] })
  const job = await items.workOn(await items.launch({ selection: { ids: [1, 2] }, set: { labels: { add: [5] }, status: 'done' } }))
  t.match(job, { status: 'failed', error_code: 'rolled_back' })
  t.same(await labelsOf(items, 1), [2])
})
