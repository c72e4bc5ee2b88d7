import { defineEntity, p } from '@mikro-orm/core'
import t from 'tap'
import { openBulk } from '../../helpers/bulk.ts'

const uuid = (n: number) => `0199a3a8-5b1c-7000-8000-${n.toString(16).padStart(12, '0')}`

const Tag = defineEntity({
  name: 'Tag',
  schema: 'tags',
  properties: { id: p.uuid().primary(), name: p.string(), pages: () => p.manyToMany(Page).mappedBy('tags') }
})
const Seat = defineEntity({
  name: 'Seat',
  properties: { row: p.string().length(2).primary(), number: p.integer().primary(), pages: () => p.manyToMany(Page).mappedBy('seats') }
})
const Cell = defineEntity({ name: 'Cell', properties: { row: p.string().primary(), column: p.string().primary() } })
const Page = defineEntity({
  name: 'Page',
  properties: {
    id: p.integer().primary(),
    title: p.string().default('old'),
    tags: () => p.manyToMany(Tag),
    seats: () => p.manyToMany(Seat),
    ordered: () => p.manyToMany(Tag).fixedOrder().pivotTable('page_order'),
    noted: () => p.manyToMany(Tag).pivotEntity(() => Note),
    likes: () => p.manyToMany(Page),
    cells: () => p.manyToMany(Cell),
    version: p.integer().version(),
    touched: p.integer().default(0).onUpdate(() => 1)
  }
})
/** A pivot table of the application's own, with a key and a column of its own, and nothing that keeps a pair from being there twice. */
const Note = defineEntity({
  name: 'Note',
  properties: { id: p.integer().primary(), page: () => p.manyToOne(Page), tag: () => p.manyToOne(Tag), weight: p.integer().default(5) }
})

const bulk = await openBulk(t, {
  entities: [Tag, Seat, Cell, Page, Note],
  before: 'CREATE SCHEMA tags',
  resources: { pages: { entity: Page }, tags: { entity: Tag }, seats: { entity: Seat } },
  async seed (client) {
    await client.query("INSERT INTO tags.tag SELECT ($1 || lpad(to_hex(n), 12, '0'))::uuid, 'tag ' || n FROM generate_series(1, 5) n", [uuid(0).slice(0, 24)])
    await client.query("INSERT INTO seat SELECT row, number FROM unnest(ARRAY['A', 'ab']) row, generate_series(1, 2) number")
    await client.query('INSERT INTO page (id) SELECT n FROM generate_series(1, 4) n')
  }
})
const { orm, perform, rows } = bulk

/** The names of the members of a page, in their order. */
async function members (field: 'tags' | 'seats' | 'ordered' | 'noted' | 'likes', id: number): Promise<unknown[]> {
  const page = await orm.em.fork().findOneOrFail(Page, id, { populate: [field] })
  const found = [...page[field].getItems()] as { id?: string | number, row?: string, number?: number }[]
  const numbers = found.map(({ id, row, number }) => typeof id === 'string' ? Number.parseInt(id.slice(-12), 16) : id ?? `${row}${number}`)
  return field === 'ordered' ? numbers : numbers.sort()
}
const write = (field: string, change: object, ids = [1, 2]) => perform('pages', { selection: { ids }, set: { [field]: change } })

t.test('members with keys of any kind, in a schema of their own, whatever the letters of a UUID', async (t) => {
  t.match(await write('tags', { add: [uuid(1)] }), { succeeded: 2 })
  t.match(await write('tags', { add: [uuid(2), uuid(1).toUpperCase()] }, [1]), { succeeded: 1 })
  t.match(await write('tags', { add: [uuid(1).toUpperCase()] }), { succeeded: 0, unchanged: 2 })
  t.same([await members('tags', 1), await members('tags', 2), await members('tags', 3)], [[1, 2], [1], []])
  t.match(await write('tags', { add: [uuid(1)], remove: [uuid(1), uuid(2)] }), { succeeded: 1, unchanged: 1 }, 'what is added is not removed')
  t.same([await members('tags', 1), await members('tags', 2)], [[1], [1]])
})

t.test('members with composite keys', async (t) => {
  t.match(await write('seats', { add: [{ row: 'A', number: 1 }, { row: 'ab', number: 2 }] }), { succeeded: 2 })
  t.match(await write('seats', { replace: [{ number: 2, row: 'ab' }] }, [1]), { succeeded: 1 })
  t.match(await write('seats', { remove: [{ row: 'A', number: 1 }] }), { succeeded: 1, unchanged: 1 })
  t.same([await members('seats', 1), await members('seats', 2)], [['ab2'], ['ab2']])
  await t.rejects(write('seats', { add: [{ row: 'A', number: 1 }, { row: 'A', number: 9 }] }), {
    code: 'reference_not_found', errors: [{ path: '/set/seats/add/1', message: 'there is no Seat {"row":"A","number":9} that may be referred to' }]
  })
})

t.test('from the other side, with keys of either kind', async (t) => {
  t.match(await perform('tags', { selection: { all: true }, set: { pages: { replace: [3] } } }), { succeeded: 5, unchanged: 0 })
  t.same([await members('tags', 1), await members('tags', 3)], [[], [1, 2, 3, 4, 5]])
  t.match(await perform('seats', { selection: { ids: [{ row: 'A', number: 1 }, { row: 'ab', number: 2 }] }, set: { pages: { add: [1] } } }), { succeeded: 1, unchanged: 1 })
  t.same(await members('seats', 1), ['A1', 'ab2'])
})

t.test('a record can be a member of its own kind', async (t) => {
  t.match(await write('likes', { add: [1, 4] }), { succeeded: 2 })
  t.match(await write('likes', { remove: [4] }, [2, 3]), { succeeded: 1, unchanged: 1 })
  t.same([await members('likes', 1), await members('likes', 2)], [[1, 4], [1]])
})

t.test('members that are kept in order are replaced in order, and added at the end', async (t) => {
  const order = (...numbers: number[]) => ({ replace: numbers.map(uuid) })
  t.match(await write('ordered', order(3, 1, 2)), { succeeded: 2 })
  t.match(await write('ordered', order(3, 1, 2)), { unchanged: 2 })
  t.same([await members('ordered', 1), await members('ordered', 2)], [[3, 1, 2], [3, 1, 2]])
  await write('ordered', { add: [uuid(5), uuid(4)] }, [1])
  t.same(await members('ordered', 1), [3, 1, 2, 5, 4])
  t.match(await write('ordered', order(3, 1, 2)), { succeeded: 1, unchanged: 1 })
  t.match(await write('ordered', order(1, 2, 3, 4)), { succeeded: 2 })
  t.same([await members('ordered', 1), await members('ordered', 2)], [[1, 2, 3, 4], [1, 2, 3, 4]])
})

t.test('a pivot entity of the application\'s own keeps what its rows have beside', async (t) => {
  t.match(await write('noted', { add: [uuid(1), uuid(2)] }), { succeeded: 2 })
  await rows('UPDATE note SET weight = 77')
  t.match(await write('noted', { add: [uuid(1)] }), { unchanged: 2 })
  t.match(await write('noted', { replace: [uuid(1), uuid(3)] }), { succeeded: 2 })
  t.same(await rows('SELECT page_id, weight FROM note ORDER BY page_id, weight'), [
    { page_id: 1, weight: 5 }, { page_id: 1, weight: 77 }, { page_id: 2, weight: 5 }, { page_id: 2, weight: 77 }
  ])
})

t.test('version and onUpdate move as they do when MikroORM flushes: not for members alone', async (t) => {
  const state = async (id: number) => (await rows('SELECT version, touched FROM page WHERE id = $1', [id]))[0]
  await rows('UPDATE page SET version = 1, touched = 0; DELETE FROM page_tags')
  const em = orm.em.fork()
  const page = await em.findOneOrFail(Page, 1, { populate: ['tags'] })
  page.tags.add(em.getReference(Tag, uuid(1)))
  await em.flush()
  t.match(await write('tags', { add: [uuid(1)] }, [2]), { succeeded: 1 })
  t.same([await state(1), await state(2)], [{ version: 1, touched: 0 }, { version: 1, touched: 0 }])

  page.tags.add(em.getReference(Tag, uuid(2)))
  page.title = 'new'
  await em.flush()
  t.match(await perform('pages', { selection: { ids: [2] }, set: { tags: { add: [uuid(2)] }, title: 'new' } }), { succeeded: 1 })
  t.same([await state(1), await state(2)], [{ version: 2, touched: 1 }, { version: 2, touched: 1 }])
})

t.test('a record of which either columns or members change has succeeded, others are unchanged or missing', async (t) => {
  await rows("UPDATE page SET title = 'old'; DELETE FROM page_tags")
  await rows("UPDATE page SET title = 'new' WHERE id IN (1, 2)")
  await write('tags', { add: [uuid(1)] }, [2, 3])
  const job = await perform('pages', { selection: { ids: [1, 2, 3, 4, 99] }, set: { title: 'new', tags: { replace: [uuid(1)] } } })
  t.match(job, { succeeded: 3, unchanged: 1, missing: 1 })
  t.same(await bulk.unwritten(job), [{ key: '2', outcome: 'unchanged' }, { key: '99', outcome: 'missing' }])
})

t.test('a thousand members of many records are one statement per field', async (t) => {
  await rows("INSERT INTO tags.tag SELECT ($1 || lpad(to_hex(n), 12, '0'))::uuid, 'x' FROM generate_series(100, 1099) n", [uuid(0).slice(0, 24)])
  const all = Array.from({ length: 1_000 }, (_, index) => uuid(100 + index))
  t.match(await write('tags', { replace: all }), { succeeded: 2 })
  t.equal((await members('tags', 1)).length, 1_000)
  const absent = Array.from({ length: 30 }, (_, index) => uuid(5_000 + index))
  const error = await write('tags', { add: [...all, ...absent] }).catch((error) => error)
  t.equal(error.errors.length, 20)
  t.equal(error.errors[0].path, '/set/tags/add/1000')
})

t.test('members whose keys differ only in where a line ends are two', async (t) => {
  const cells = [{ row: 'a', column: 'b\nc' }, { row: 'a\nb', column: 'c' }] as const
  for (const { row, column } of cells) await rows('INSERT INTO cell ("row", "column") VALUES ($1, $2)', [row, column])
  const count = async () => (await rows<{ count: number }>('SELECT count(*)::int FROM page_cells'))[0]!.count
  t.match(await write('cells', { add: cells }, [1]), { succeeded: 1 })
  t.equal(await count(), 2)
  t.match(await write('cells', { add: [cells[0]], remove: [cells[1]] }, [1]), { succeeded: 1 })
  t.equal(await count(), 1)
})
