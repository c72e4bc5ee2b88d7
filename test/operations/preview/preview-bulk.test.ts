import { defineEntity, p } from '@mikro-orm/core'
import t from 'tap'
import { previewBulk } from '../../../src/operations/preview/preview-bulk.ts'
import { kindValues } from '../../fixtures/kind-values.ts'
import { openBulk } from '../../helpers/bulk.ts'
import { bulkLaunch } from '../../helpers/engine.ts'
import { itemsEngine } from '../../helpers/items.ts'
import { openKinds } from '../../helpers/kinds.ts'

type Items = Awaited<ReturnType<typeof itemsEngine>>

function preview ({ engine }: Items, launch: object) {
  const { operation, ...rest } = bulkLaunch(engine, 'items', launch as never)
  return previewBulk(engine, { ...rest, operation } as never)
}

/** A hash over all items, to see that nothing has changed. */
async function fingerprint ({ engine }: Items): Promise<unknown> {
  return engine.database.query('SELECT md5(string_agg(item::text, \'|\' ORDER BY id)) AS hash, (SELECT count(*)::int FROM powercrud.job) AS jobs FROM item')
}

t.test('a preview changes nothing and reports what would happen', async (t) => {
  const items = await itemsEngine(t, { forbidden: [3] })
  const other = await items.launch({ selection: { ids: [2] }, set: { status: 'held' } })
  const before = await fingerprint(items)
  const result = await preview(items, { selection: { filter: { id: { lte: 10 } } }, set: { status: 'done', owner: 2 } })

  t.match(result, {
    count: 10,
    checkedCount: 10,
    failures: [{ index: 2, id: 3, outcome: 'failed', code: 'check_violation', message: 'this one can never be done' }],
    conflicts: [{ id: 2, jobId: other.id }],
    conflictCount: 1,
    cascades: []
  })
  t.same(result.sample[0], { id: 1, before: { status: 'new', owner: 2 }, after: { status: 'done', owner: 2 } })
  t.same(result.sample[2], { id: 3, before: { status: 'new', owner: 4 }, after: { status: 'new', owner: 4 } }, 'what would be refused stays as it is')
  t.equal(result.sample.length, 5)
  t.ok(Date.parse(result.expiresAt) > Date.now() + 3_500_000)
  t.same(await fingerprint(items), before)
})

t.test('what was previewed is what is executed, once, with the same operation and set', async (t) => {
  const items = await itemsEngine(t)
  const { previewId } = await preview(items, { selection: { filter: { priority: 0, id: { lte: 20 } } }, set: { status: 'done' } })
  await items.engine.database.query('UPDATE item SET priority = 4 WHERE id = 5')
  await items.engine.database.query('UPDATE item SET priority = 0 WHERE id = 6')

  const selection = { previewId }
  await t.rejects(items.launch({ selection, set: { status: 'held' } }), { code: 'rule_refused', statusCode: 422 })
  await t.rejects(items.launch({ selection, operation: 'delete' }), { code: 'rule_refused' })
  await t.rejects(items.launch({ selection: { previewId, expectedCount: 5 }, set: { status: 'done' } }), { code: 'count_mismatch', count: 4 })
  await t.rejects(items.launch({ selection, set: { status: 'done' }, user: { id: '9', label: 'eve' } }), { code: 'preview_not_found', statusCode: 404 })

  const job = await items.workOn(await items.launch({ selection: { previewId, expectedCount: 4 }, set: { status: 'done' } }))
  t.match(job, { status: 'succeeded', succeeded: 4, selection_id: previewId })
  t.same(await items.idsWhere("status = 'done'"), [5, 10, 15, 20])
  await t.rejects(items.launch({ selection, set: { status: 'done' } }), { code: 'preview_not_found' })
})

t.test('a preview locks nothing, and two executions at once are one', async (t) => {
  const items = await itemsEngine(t)
  const { previewId } = await preview(items, { selection: { ids: [1, 2, 900] }, set: { status: 'done' } })
  await items.workOn(await items.launch({ selection: { ids: [1] }, set: { status: 'held' } }))
  const launches = await Promise.allSettled([1, 2, 3].map(() => items.launch({ selection: { previewId }, set: { status: 'done' } })))
  t.equal(launches.filter(({ status }) => status === 'fulfilled').length, 1)
  await t.rejects(items.launch({ selection: { ids: [2] }, set: { status: 'held' } }), { code: 'records_locked' })
})

t.test('an expired preview is not there any more', async (t) => {
  const items = await itemsEngine(t)
  const { previewId } = await preview(items, { selection: { ids: [1] }, set: { status: 'done' } })
  await items.engine.database.query("UPDATE powercrud.preview SET expires_at = now() - interval '1 s'")
  await t.rejects(items.launch({ selection: { previewId }, set: { status: 'done' } }), { code: 'preview_not_found' })
})

t.test('the preview of a delete counts what would go with it, and what would be in its way', async (t) => {
  const items = await itemsEngine(t)
  await items.engine.database.query('CREATE TABLE remark (id int PRIMARY KEY, item_id int NOT NULL REFERENCES item)')
  await items.engine.database.query('INSERT INTO remark VALUES (1, 2), (2, 2), (3, 50)')
  const before = await fingerprint(items)
  const result = await preview(items, { selection: { ids: [1, 2] }, operation: 'delete' })
  t.match(result, {
    cascades: [
      { table: 'item_labels', columns: ['item_id'], effect: 'cascade', count: 2 },
      { table: 'remark', columns: ['item_id'], effect: 'block', count: 2 }
    ],
    failures: [{ id: 2, code: 'foreign_key_violation' }]
  })
  t.equal(result.sample[0]?.after, null)
  t.match(result.sample[0]?.before, { status: 'new', labels: [2] })
  t.same(await fingerprint(items), before)
})

t.test('a preview takes its time at most, however long the records would take', async (t) => {
  const items = await itemsEngine(t, { count: 400, rules: { write: 'entity' } })
  await items.orm.em.getConnection().execute(`
    CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.1); RETURN new; END $$;
    CREATE TRIGGER dawdle BEFORE UPDATE ON item FOR EACH ROW EXECUTE FUNCTION dawdle()`)
  const before = await fingerprint(items)
  const startedAtMs = performance.now()
  const result = await preview(items, { selection: { all: true }, set: { priority: 77 } })
  const tookMs = performance.now() - startedAtMs
  t.equal(result.count, 400, 'all are frozen')
  t.ok(result.checkedCount > 0 && result.checkedCount < 400, `${result.checkedCount} of them were tried`)
  // Three seconds are meant, and a slice that was begun is waited for; all of them would take forty.
  t.ok(tookMs < 30_000, `it took ${Math.round(tookMs)} ms`)
  t.same(await fingerprint(items), before)
})

t.test('a sample shows every kind of field in JSON, before and after', async (t) => {
  const { engine } = await openKinds(t)
  const set = Object.fromEntries(Object.entries(kindValues).map(([field, [first]]) => [field, first!.json]))
  const selection = { ids: [1, 2] }
  const result = await previewBulk(engine, { ...bulkLaunch(engine, 'kinds', { selection, set }), operation: 'update', selection })
  t.same(result.failures, [])
  const [{ before, after }] = JSON.parse(JSON.stringify(result.sample))
  t.same(before, Object.fromEntries(Object.keys(set).map((field) => [field, null])))
  t.match(after, { big: set.big, price: set.price, at: '2026-11-24T07:30:00.000Z', account: set.account, spot: set.spot, words: set.words, home: { big: '9007199254740993' } })
})

t.test('a sample has fields by their own names, and those that are loaded only when they are asked for', async (t) => {
  const Page = defineEntity({
    name: 'Page',
    properties: { id: p.integer().primary(), body: p.text().lazy(), title: p.string().serializedName('heading') }
  })
  const { engine } = await openBulk(t, {
    entities: [Page],
    resources: { pages: { entity: Page } },
    seed: (client) => client.query("INSERT INTO page (id, body, title) VALUES (1, 'long', 'old')")
  })
  const selection = { ids: [1] }
  const result = await previewBulk(engine, { ...bulkLaunch(engine, 'pages', { selection, set: { body: 'longer', title: 'new' } }), operation: 'update', selection })
  t.same(result.sample, [{ id: 1, before: { body: 'long', title: 'old' }, after: { body: 'longer', title: 'new' } }])
})
