import t from 'tap'
import { Item } from '../fixtures/entities.ts'
import { openHost } from './options-host.ts'

const items = { entity: Item, path: '/items', bulkFields: ['name', 'notes', 'priority', 'owner'], bulkDelete: true, undo: true }

t.test('many small updates at once wait for a connection instead of failing', async (t) => {
  const { post, orm } = await openHost(t, { resources: { items } })
  await orm.em.getConnection().execute("INSERT INTO item (id, name) SELECT n, 'more ' || n FROM generate_series(61, 4000) n")
  const answers = await Promise.all(Array.from({ length: 400 }, (_, batch) =>
    post('/items/bulk-update', { selection: { ids: Array.from({ length: 10 }, (_, place) => batch * 10 + place + 1) }, set: { notes: 'x' } })))
  t.same([...new Set(answers.map(({ status, body }) => `${status} ${body.code ?? body.status}`))], ['200 succeeded'])
})

t.test('a 422 of a request names the record and the field', async (t) => {
  const { post } = await openHost(t, { resources: { items } }, 'ALTER TABLE item ADD CONSTRAINT item_name_unique UNIQUE (name)')
  t.match(await post('/items/bulk-update', { selection: { ids: [1, 2] }, set: { name: 'item 3' } }),
    { status: 422, body: { code: 'unique_violation', errors: [{ path: '/set/name', message: /^record 1: / }] } })
})

t.test('undo and retry that end in the request reply with 200', async (t) => {
  const { post } = await openHost(t, { resources: { items }, asyncEnabled: false })
  const { body: job } = await post('/items/bulk-update', { selection: { ids: [1] }, set: { notes: 'x' } })
  t.match(await post(job.links.undo, {}), { status: 200, body: { operation: 'undo', status: 'succeeded' } })
})
