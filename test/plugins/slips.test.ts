import t from 'tap'
import { Item } from '../fixtures/entities.ts'
import { openHost } from './options-host.ts'

// What an application answers by a slip of the pen must never mean more than it would have.

const item = { entity: Item, bulkFields: ['notes', 'owner'], bulkDelete: true }
const fromHeader = (name: string) => ({ headers }: { headers: Record<string, unknown> }) => JSON.parse(String(headers[name] ?? 'null')) as never

t.test('a scope or a choice that is no condition is an error, not every record', async (t) => {
  const slips = { nothing: null, no: false, words: 'id = 1', none: { priority: undefined } }
  const { orm, post, get } = await openHost(t, {
    resources: {
      ...Object.fromEntries(Object.entries(slips).map(([name, answer]) => [name, { ...item, path: `/${name}`, scope: () => answer as never }])),
      chosen: { ...item, path: '/chosen', choices: { owner: { where: () => null as never } } }
    }
  })
  const before = await orm.em.getConnection().execute('SELECT md5(string_agg(item::text, chr(10) ORDER BY id)) FROM item')
  for (const name of ['nothing', 'no', 'words']) {
    for (const selection of [{ all: true }, { ids: [1, 2] }]) {
      t.match(await post(`/${name}/bulk-update`, { selection, set: { notes: 'x' } }), { status: 500, body: { code: 'internal' } }, name)
      t.match(await post(`/${name}/bulk-delete`, { selection, dryRun: true }), { status: 500, body: { code: 'internal' } }, name)
    }
    t.match(await get(`/${name}/locks?ids=1`), { status: 500 }, name)
  }
  t.match(await post('/none/bulk-update', { selection: { all: true }, set: { notes: 'x' } }), { status: 200, body: { counts: { total: 0 } } }, 'a member that is undefined matches no record')
  t.match(await post('/chosen/bulk-update', { selection: { ids: [1] }, set: { owner: 2 } }), { status: 500, body: { code: 'internal' } })
  t.match(await get('/chosen/bulk-options'), { status: 500, body: { code: 'internal' } })
  t.same(await orm.em.getConnection().execute('SELECT md5(string_agg(item::text, chr(10) ORDER BY id)) FROM item'), before)
})

t.test('people without an id are not all the same person', async (t) => {
  const { post, get } = await openHost(t, { resources: { items: { ...item, path: '/items' } }, user: fromHeader('x-user') })
  for (const user of [{}, { id: null }, { id: { n: 1 } }, { id: 'a\0' }, { label: 'Ada' }]) {
    const as = JSON.stringify(user)
    t.match(await post('/items/bulk-update', { selection: { ids: [1] }, set: { notes: as } }, as), { status: 500, body: { code: 'internal' } }, as)
    t.match(await get('/powercrud/async/jobs', as), { status: 500, body: { code: 'internal' } }, as)
  }
  t.match(await post('/items/bulk-update', { selection: { ids: [1] }, set: { notes: 'x' } }, '{"id":7}'), { status: 200, body: { createdBy: { id: '7', label: '7' } } })
})

t.test('only true of authorize lets a caller in', async (t) => {
  let answer: unknown
  const { post, get } = await openHost(t, {
    resources: { items: { ...item, path: '/items' } },
    user: fromHeader('x-user'),
    authorize: (_request, { action }) => action === 'view' || answer as never
  })
  const update = async (as?: string) => post('/items/bulk-update', { selection: { ids: [1] }, set: { notes: 'x' } }, as)
  for (answer of [undefined, null, false, 1, 'yes', {}, Promise.resolve(undefined)]) {
    t.match(await update('{"id":7}'), { status: 403, body: { code: 'forbidden' } }, String(answer))
    t.match(await update(), { status: 401, body: { code: 'unauthenticated' } }, String(answer))
    t.match(await get('/items/bulk-options', '{"id":7}'), { status: 200, body: { actions: { update: false, delete: false } } }, String(answer))
  }
  answer = Promise.resolve(true)
  t.match(await update('{"id":7}'), { status: 200 })
})
