import { defineEntity, p } from '@mikro-orm/core'
import t from 'tap'
import { Item } from '../../fixtures/entities.ts'
import { seedItems } from '../../fixtures/orm.ts'
import { Kind } from '../../fixtures/kinds.ts'
import { kindValues } from '../../fixtures/kind-values.ts'
import { openBulk } from '../../helpers/bulk.ts'
import { openKinds } from '../../helpers/kinds.ts'

const counts = { succeeded: 0, unchanged: 0, missing: 0, skipped: 0, failed: 0 }

const Node = defineEntity({
  name: 'Node',
  properties: {
    id: p.bigint().primary().autoincrement(),
    title: p.string().unique(),
    size: p.integer().generated('(length(title)) stored'),
    parent: () => p.manyToOne(Node).nullable().deleteRule('no action'),
    friends: () => p.manyToMany(Node),
    tags: () => p.manyToMany(Mark).pivotEntity(() => Marking)
  }
})
const Mark = defineEntity({ name: 'Mark', properties: { name: p.string().primary() } })
/** A pivot table with a column of its own. */
const Marking = defineEntity({
  name: 'Marking',
  properties: {
    node: () => p.manyToOne(Node).primary().deleteRule('cascade'),
    mark: () => p.manyToOne(Mark).primary().deleteRule('cascade'),
    weight: p.integer().default(1)
  }
})
/** What else may go, or be changed, with a node. */
const Page = defineEntity({ name: 'Page', properties: { id: p.integer().primary(), node: () => p.manyToOne(Node).nullable().deleteRule('cascade') } })
const Visit = defineEntity({ name: 'Visit', properties: { id: p.integer().primary(), node: () => p.manyToOne(Node).nullable().deleteRule('set null') } })

t.test('deleted records come back as they were, with who belonged to them', async (t) => {
  const { perform, undo, rows, unwritten } = await openBulk(t, {
    resources: { items: { entity: Item, undo: true } },
    seed: (_client, orm) => seedItems(orm, 6_000)
  })
  await rows('DELETE FROM item_labels WHERE item_id % 9 = 0')
  const state = () => rows('SELECT md5(string_agg(t::text, chr(10) ORDER BY t.id)) AS items, (SELECT md5(string_agg(p::text, chr(10) ORDER BY p::text)) FROM item_labels p) AS members FROM item t')
  const before = await state()
  const done = await perform('items', { selection: { all: true } })
  t.match(done, { ...counts, status: 'succeeded', succeeded: 6_000 })
  t.match(await undo(done), { ...counts, status: 'succeeded', operation: 'undo', succeeded: 6_000 })
  t.same(await state(), before)

  const second = await perform('items', { selection: { ids: [7, 8, 9] } })
  await rows("INSERT INTO item (id, name) VALUES (8, 'another one')")
  const undone = await undo(second)
  t.match(undone, { ...counts, status: 'succeeded', succeeded: 2, skipped: 1 })
  t.match(await unwritten(undone), [{ key: '8', outcome: 'skipped', code: 'changed_since' }])
  t.same(await rows('SELECT name FROM item WHERE id IN (7, 8, 9) ORDER BY id'), [{ name: 'item 7' }, { name: 'another one' }, { name: 'item 9' }])
})

t.test('a document that is null stays one, and a record may refer to itself', async (t) => {
  const Note = defineEntity({
    name: 'Note',
    properties: { id: p.integer().primary(), doc: p.json<unknown>().nullable(), plain: p.json<unknown>().columnType('json').nullable(), about: () => p.manyToOne(Note).nullable() }
  })
  const { perform, undo, rows } = await openBulk(t, {
    entities: [Note],
    resources: { notes: { entity: Note, undo: true } },
    seed: (client) => client.query("INSERT INTO note (id, doc, plain, about_id) VALUES (1, 'null', NULL, 1), (2, NULL, 'null', 2), (3, '[null]', '{\"b\":1, \"b\":2}', NULL), (4, NULL, NULL, 3)")
  })
  const state = () => rows('SELECT n::text AS note, doc IS NULL AS none FROM note n ORDER BY id')
  const before = await state()
  const done = await perform('notes', { selection: { ids: [1, 2, 4] } })
  t.match(await undo(done), { ...counts, status: 'succeeded', succeeded: 3 })
  t.same(await state(), before)
  const other = await perform('notes', { selection: { ids: [3] } })
  t.match(await undo(other), { ...counts, status: 'completed_with_errors', failed: 1 }, 'another record referred to it')
})

t.test('every kind of value comes back in the same words', async (t) => {
  const { perform, undo, rows } = await openKinds(t, { undo: true })
  const set = Object.fromEntries(Object.entries(kindValues).map(([field, [first]]) => [field, first!.json]))
  await perform('kinds', { selection: { ids: [1] }, set })
  await rows('UPDATE field."kind of ""field""" SET numbers = $1, at = $2, ratio = $3 WHERE id = 2', ['[2:4]={1,NULL,3}', 'infinity', 'NaN'])
  const state = () => rows('SELECT t::text AS row FROM field."kind of ""field""" t ORDER BY id')
  const before = await state()
  const done = await perform('kinds', { selection: { all: true } })
  t.match(await undo(done), { status: 'succeeded', succeeded: 2 })
  t.same(await state(), before)
  t.ok(Kind)
})

t.test('identities, generated columns, pivot tables with columns, and friends among the deleted', async (t) => {
  const { perform, undo, rows, unwritten } = await openBulk(t, {
    entities: [Node, Mark, Marking, Page, Visit],
    resources: { nodes: { entity: Node, undo: true } },
    async seed (client) {
      await client.query(`
        INSERT INTO mark VALUES ('a'), ('b');
        INSERT INTO node (title, parent_id) SELECT 'node ' || n, CASE WHEN n > 1 THEN n / 2 END FROM generate_series(1, 15) n;
        INSERT INTO node_friends SELECT n, n % 15 + 1 FROM generate_series(1, 15) n;
        INSERT INTO marking SELECT n, name, n FROM generate_series(1, 15) n, mark`)
    }
  })
  const state = () => rows(`
    SELECT t::text AS node, (SELECT array_agg(f::text ORDER BY f) FROM node_friends f WHERE t.id IN (node_1_id, node_2_id)) AS friends,
      (SELECT array_agg(m::text ORDER BY m) FROM marking m WHERE node_id = t.id) AS marks FROM node t ORDER BY id`)
  const before = await state()
  const done = await perform('nodes', { selection: { all: true } })
  t.match(done, { ...counts, status: 'succeeded', succeeded: 15 }, 'a tree goes whole')
  t.match(await undo(done), { ...counts, status: 'succeeded', succeeded: 15 })
  t.same(await state(), before)

  await rows('UPDATE node SET parent_id = NULL')
  await rows('INSERT INTO page VALUES (1, 5); INSERT INTO visit VALUES (1, 6)')
  const second = await perform('nodes', { selection: { ids: ['4', '5', '6', '7'] }, onError: 'continue' })
  t.match(second, { ...counts, status: 'succeeded', succeeded: 4 })
  await rows("UPDATE node SET title = 'node 7' WHERE id = 1")
  const undone = await undo(second)
  t.match(undone, { ...counts, status: 'completed_with_errors', succeeded: 1, failed: 3 })
  t.match(await unwritten(undone), [
    { key: '5', code: 'rule_refused', message: /^other records were deleted/ },
    { key: '6', code: 'rule_refused', message: /^other records were deleted/ },
    { key: '7', code: 'unique_violation', field: 'title' }
  ])
  t.same(await rows('SELECT id::int FROM node WHERE id BETWEEN 4 AND 7'), [{ id: 4 }])
  t.same(await rows('SELECT count(*)::int AS count FROM marking WHERE node_id = 4'), [{ count: 2 }])
})
