import t from 'tap'
import { Item, Label, Owner } from '../fixtures/entities.ts'
import { openHost } from './options-host.ts'

// A reference must reach no record that the resource of its own entity would not show to the caller.

const scope = ({ headers }: { headers: Record<string, unknown> }) => ({ id: { $lte: Number(headers['x-user']) } })
const owners = { entity: Owner, path: '/owners', bulkFields: ['name'], scope }
const labels = { entity: Label, path: '/labels', bulkFields: ['name'], scope }
const items = { entity: Item, path: '/items', bulkFields: ['owner', 'labels'], bulkMinAsyncRecords: 5 }

t.test('choices and set reach no records outside of the scope of the resource referred to', async (t) => {
  const { get, post } = await openHost(t, { resources: { items, owners, labels } })
  const set = async (set: object, more: object = {}) => post('/items/bulk-update', { selection: { ids: [1] }, set, ...more }, '3')

  const { body: { fields } } = await get('/items/bulk-options', '3')
  const valuesOf = (name: string) => fields.find((field: { name: string }) => field.name === name).choices.items.map(({ value }: { value: number }) => value)
  t.same(valuesOf('owner'), [1, 2, 3])
  t.same(valuesOf('labels'), [1, 2, 3])

  t.match(await set({ owner: 3 }), { status: 200, body: { counts: { succeeded: 1 } } })
  const foreign = { status: 422, body: { code: 'reference_not_found', errors: [{ path: '/set/owner' }] } }
  t.match(await set({ owner: 4 }), foreign)
  t.match(await set({ owner: 99 }), foreign, 'like one that does not exist')
  t.match(await set({ owner: 4 }, { dryRun: true }), foreign)
  t.match(await post('/items/bulk-update', { selection: { all: true }, set: { owner: 4 } }, '3'), foreign, 'in the background too')
  t.match(await set({ labels: { add: [3] } }), { status: 200 })
  t.match(await set({ labels: { add: [4] } }), { status: 422, body: { code: 'reference_not_found', errors: [{ path: '/set/labels/add/0' }] } })
  t.match(await set({ labels: { replace: [1, 5] } }), { status: 422, body: { errors: [{ path: '/set/labels/replace/1' }] } })
  t.match(await set({ labels: { remove: [5] } }), { status: 200 }, 'what is removed need not be visible')
})

t.test('the where of a field holds instead of the scope', async (t) => {
  const { post } = await openHost(t, { resources: { items: { ...items, choices: { owner: { where: { id: 9 } } } }, owners } })
  t.match(await post('/items/bulk-update', { selection: { ids: [1] }, set: { owner: 9 } }, '3'), { status: 200 })
  t.match(await post('/items/bulk-update', { selection: { ids: [1] }, set: { owner: 3 } }, '3'), { status: 422 })
})

t.test('two different scopes on the entity referred to are refused at registration', async (t) => {
  const other = { ...owners, path: '/other-owners', scope: () => ({ id: 1 }) }
  await t.rejects(openHost(t, { resources: { items, owners, other } }),
    { code: 'invalid_options', message: /resources\.items\.bulkFields: owner refers to Owner, for which owners and other have different scopes; say in choices\.owner\.where/ })
  await openHost(t, { resources: { items: { ...items, choices: { owner: { where: { id: 1 } } } }, owners, other } })
  await openHost(t, { resources: { items, owners, other: { ...other, scope: owners.scope } } })
})
