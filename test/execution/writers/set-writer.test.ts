import { defineEntity, p } from '@mikro-orm/core'
import t from 'tap'
import { performBulk } from '../../../src/operations/launch/perform-bulk.ts'
import { Item } from '../../fixtures/entities.ts'
import { seedItems } from '../../fixtures/orm.ts'
import { openBulk } from '../../helpers/bulk.ts'
import { bulkLaunch } from '../../helpers/engine.ts'
import { createGate } from '../../helpers/gate.ts'
import type { TestScope } from '../../helpers/test-scope.ts'

const counts = { succeeded: 0, unchanged: 0, missing: 0, skipped: 0, failed: 0 }

function openItems (t: TestScope, count: number) {
  return openBulk(t, { resources: { items: { entity: Item } }, seed: (_client, orm) => seedItems(orm, count) })
}

t.test('an update moves the version and updatedAt of what it writes, and nothing else', async (t) => {
  const { perform, rows } = await openItems(t, 30)
  const before = await rows<Item>('SELECT * FROM item ORDER BY id')
  const job = await perform('items', { selection: { filter: { id: { lte: 20 } } }, set: { status: 'done', priority: null } })
  t.match(job, { ...counts, status: 'succeeded', total: 20, succeeded: 20, error_code: null })

  const after = await rows<Item & { updated_at: Date }>('SELECT * FROM item ORDER BY id')
  t.same(after.slice(20), before.slice(20), 'the others are as they were')
  for (const [index, item] of after.slice(0, 20).entries()) {
    const { updated_at: updatedAt, ...rest } = item
    t.match({ ...before[index], status: 'done', priority: null, version: 2 }, rest)
    t.ok(updatedAt > (before[index] as typeof item).updated_at)
  }
})

t.test('onUpdate is called once per statement, and not for what the change set writes itself', async (t) => {
  let calls = 0
  const Page = defineEntity({
    name: 'Page',
    properties: {
      id: p.integer().primary(),
      title: p.string(),
      stamp: p.integer().onUpdate(() => { calls += 1; return 100 + calls })
    }
  })
  const { perform, rows } = await openBulk(t, {
    entities: [Page],
    resources: { pages: { entity: Page } },
    seed: (client) => client.query("INSERT INTO page SELECT n, 'old', 0 FROM generate_series(1, 20) n")
  })
  await perform('pages', { selection: { all: true }, set: { title: 'new' } })
  t.equal(calls, 1)
  t.same(await rows('SELECT DISTINCT stamp FROM page'), [{ stamp: 101 }])

  await perform('pages', { selection: { all: true }, set: { stamp: 7 } })
  t.equal(calls, 1)
  t.same(await rows('SELECT DISTINCT stamp FROM page'), [{ stamp: 7 }])
})

t.test('a column that another transaction writes in the middle of the job keeps its value', async (t) => {
  const { database, engine, rows } = await openItems(t, 30)
  const gate = await createGate(database, { table: 'item', on: 'update', when: 'before', row: "new.id = 10 AND new.status = 'done'" })

  await gate.close()
  const performed = performBulk(engine, bulkLaunch(engine, 'items', { selection: { all: true }, set: { status: 'done' }, runInRequest: 'always' }))
  await gate.waitUntilReached()
  await rows("UPDATE item SET notes = 'mine', priority = 77 WHERE id = 20")
  await gate.open()
  t.match((await performed).job, { status: 'succeeded', succeeded: 30 })
  t.same(await rows('SELECT status, notes, priority, version FROM item WHERE id = 20'), [{ status: 'done', notes: 'mine', priority: 77, version: 2 }])
})

t.test('rows that have the values already are not rewritten, and are counted', async (t) => {
  const { perform, rows, unwritten } = await openItems(t, 30)
  await rows("UPDATE item SET status = 'done', priority = NULL WHERE id IN (3, 9)")
  const tuples = () => rows('SELECT id, ctid::text, xmin::text FROM item WHERE id IN (3, 9) ORDER BY id')
  const before = await tuples()
  const job = await perform('items', { selection: { all: true }, set: { status: 'done', priority: null } })
  t.match(job, { ...counts, status: 'succeeded', total: 30, succeeded: 28, unchanged: 2 })
  t.same(await tuples(), before)
  t.same(await unwritten(job), [{ key: '3', outcome: 'unchanged' }, { key: '9', outcome: 'unchanged' }])

  const again = await perform('items', { selection: { all: true }, set: { status: 'done', priority: null } })
  t.match(again, { ...counts, status: 'succeeded', unchanged: 30 }, 'a second time changes nothing, honestly')
})

t.test('deleted rows are missing: deleted before the launch, or before their chunk is written', async (t) => {
  const { database, engine, rows, unwritten } = await openItems(t, 30)
  const gate = await createGate(database, { table: 'powercrud.job', on: 'insert', when: 'after' })
  await gate.close()
  const performed = performBulk(engine, bulkLaunch(engine, 'items', { selection: { ids: [1, 2, 99, 3, 98] }, set: { status: 'done' }, runInRequest: 'always' }))
  await gate.waitUntilReached()
  await rows('DELETE FROM item_labels WHERE item_id = 2')
  await rows('DELETE FROM item WHERE id = 2')
  await gate.open()
  const { job } = await performed
  t.match(job, { ...counts, status: 'succeeded', total: 5, succeeded: 2, missing: 3 })
  t.same((await unwritten(job)).map(({ key, outcome }) => [key, outcome]), [['2', 'missing'], ['98', 'missing'], ['99', 'missing']])
})

t.test('a job of which all records are deleted fails with a code of its own', async (t) => {
  const { perform } = await openItems(t, 3)
  const job = await perform('items', { selection: { ids: [97, 98] }, set: { status: 'done' } })
  t.match(job, { ...counts, status: 'failed', total: 2, missing: 2, error_code: 'all_records_missing' })
})

t.test('a delete deletes, and counts what is missing', async (t) => {
  const { perform, rows, unwritten } = await openItems(t, 30)
  const job = await perform('items', { selection: { ids: [5, 6, 7, 77] } })
  t.match(job, { ...counts, operation: 'delete', status: 'succeeded', total: 4, succeeded: 3, missing: 1 })
  t.same(await unwritten(job), [{ key: '77', outcome: 'missing' }])
  t.same(await rows('SELECT count(*)::int FROM item'), [{ count: 27 }])
  t.same(await rows('SELECT count(*)::int FROM item_labels'), [{ count: 27 }], 'their memberships go with them')
})
