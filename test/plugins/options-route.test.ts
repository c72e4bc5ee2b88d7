import t from 'tap'
import { BulkOptionsSchema, type EditableField } from '../../schemas/bulk-options.ts'
import { buildAjv } from '../../src/validation/ajv.ts'
import { Item } from '../fixtures/entities.ts'
import { openHost, userOf } from './options-host.ts'

/** Owners 1 … 10 come with the items; these have names that sort and are sought in their own ways. */
const owners = `
  INSERT INTO owner (id, name) SELECT 100 + n, 'person ' || lpad(n::text, 3, '0') FROM generate_series(1, 120) n;
  INSERT INTO owner (id, name) VALUES (501, 'Same'), (502, 'Same'), (503, '100%_sure'), (504, ''), (505, 'owner of none')`

const items = {
  entity: Item,
  path: '/items',
  bulkFields: ['name', 'status', 'priority', 'dueAt', 'owner', 'labels'],
  filterFields: ['name', 'status', 'owner'],
  bulkDelete: true,
  fieldLabels: { dueAt: 'Due' }
}

const field = (fields: EditableField[], name: string) => fields.find((one) => one.name === name)!
const labels = (fields: EditableField[], name: string) => field(fields, name).choices!.items.map(({ label }) => label)

t.test('what a form is built of', async (t) => {
  const { get } = await openHost(t, { resources: { items } }, owners)
  const { status, body } = await get('/items/bulk-options')
  t.equal(status, 200)
  t.ok(buildAjv([BulkOptionsSchema()], 'body').validate({ $ref: 'PowercrudBulkOptions#' }, body))
  t.same(body.fields.map(({ name, label, kind, type, nullable }: EditableField) => [name, label, kind, type, nullable]), [
    ['name', 'Name', 'scalar', 'text', false],
    ['status', 'Status', 'scalar', 'enum', false],
    ['priority', 'Priority', 'scalar', 'integer', true],
    ['dueAt', 'Due', 'scalar', 'instant', true],
    ['owner', 'Owner', 'reference', 'reference', true],
    ['labels', 'Labels', 'collection', 'collection', false]
  ])
  t.match(field(body.fields, 'name').schema, { type: 'string', maxLength: 40 })
  t.equal(field(body.fields, 'name').choices, null)
  t.same(field(body.fields, 'status').choices, { items: [{ value: 'new', label: 'New' }, { value: 'done', label: 'Done' }, { value: 'held', label: 'Held' }], nextCursor: null })
  t.same(field(body.fields, 'labels').choices, { items: [1, 2, 3, 4, 5].map((value) => ({ value, label: `label ${value}` })), nextCursor: null })
  t.equal(field(body.fields, 'owner').choices!.items.length, 50)
  t.match(body.filterFields, [{ name: 'name', operators: ['eq', 'ne', 'in', 'nin', 'gt', 'gte', 'lt', 'lte', 'contains', 'startsWith', 'isNull'] }, { name: 'status' }, { name: 'owner' }])
  t.same(body.limits, { bulkMaxSelectedRecords: 100_000, bulkMinAsyncRecords: 20 })
  t.same(body.actions, { update: true, delete: true })
})

t.test('choices are paged and searched', async (t) => {
  const { get, orm } = await openHost(t, { resources: { items } }, owners)

  await t.test('all pages together are all records, each once, by label', async (t) => {
    const seen: { value: unknown, label: string }[] = []
    let cursor: string | null = ''
    let pages = 0
    while (cursor !== null && ++pages < 20) {
      const { body } = await get(`/items/bulk-options?field=owner&limit=25${cursor && `&cursor=${cursor}`}`)
      t.same(body.fields.map(({ name }: EditableField) => name), ['owner'])
      seen.push(...body.fields[0].choices.items)
      cursor = body.fields[0].choices.nextCursor
    }
    t.equal(pages, 6)
    const all = await orm.em.getConnection().execute<{ id: number }[]>("SELECT id FROM owner ORDER BY coalesce(name, ''), id")
    t.same(seen.map(({ value }) => value), all.map(({ id }) => id))
    t.match(seen.find(({ value }) => value === 504), { label: '504' }, 'who has no name goes by the key')
  })

  await t.test('a search finds text, whatever its case, and no patterns', async (t) => {
    const search = async (text: string) => labels((await get(`/items/bulk-options?field=owner&search=${encodeURIComponent(text)}`)).body.fields, 'owner')
    t.same(await search('SAME'), ['Same', 'Same'])
    t.same(await search('%_'), ['100%_sure'])
    t.same(await search('nobody like that'), [])
    t.equal((await search('')).length, 50)
    t.same(labels((await get('/items/bulk-options?field=labels&search=3')).body.fields, 'labels'), ['label 3'])
    t.same(labels((await get('/items/bulk-options?field=status&search=ne')).body.fields, 'status'), ['New', 'Done'])
  })

  await t.test('also where the collation takes different texts for the same', async (t) => {
    await orm.em.getConnection().execute(`
      CREATE COLLATION any_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
      ALTER TABLE label ALTER name TYPE varchar(255) COLLATE any_case`)
    t.same(labels((await get('/items/bulk-options?field=labels&search=BEL%203')).body.fields, 'labels'), ['label 3'])
  })

  await t.test('an invalid query is rejected', async (t) => {
    const rejected = async (query: string, path: string) => {
      const { status, body } = await get(`/items/bulk-options?${query}`)
      t.match({ status, body }, { status: 400, body: { code: 'validation_failed', errors: [{ path }] } }, query)
    }
    await rejected('field=ownr', '/field')
    await rejected('search=x', '/search')
    await rejected('field=owner&cursor=nonsense', '/cursor')
    await rejected(`field=owner&cursor=${Buffer.from('["a","b"]').toString('base64url')}`, '/cursor')
    await rejected('field=owner&limit=0', '/limit')
    await rejected('field=owner&search=%00', '/search')
    await rejected('sort=x', '/sort')
  })
})

t.test('the declared choices are what is offered, and what is taken', async (t) => {
  const { get, post, orm } = await openHost(t, {
    resources: {
      items: {
        ...items,
        choices: {
          status: ['new', 'done'],
          owner: { search: ['id', 'name'], where: ({ headers }) => headers['x-user'] === 'boss' ? undefined : { id: { $lte: 3 } } },
          labels: { where: { name: { $ne: 'label 2' } } }
        }
      }
    }
  }, owners)
  const options = (await get('/items/bulk-options')).body.fields
  t.same(labels(options, 'owner'), ['owner 1', 'owner 2', 'owner 3'])
  t.same(labels(options, 'labels'), ['label 1', 'label 3', 'label 4', 'label 5'])
  t.same(labels(options, 'status'), ['New', 'Done'])
  t.same(labels((await get('/items/bulk-options?field=owner&search=503', 'boss')).body.fields, 'owner'), ['100%_sure'])

  const update = (set: object, more: object = {}, as?: string) => post('/items/bulk-update', { selection: { ids: [1] }, set, ...more }, as)
  for (const more of [{}, { dryRun: true }]) {
    t.match(await update({ owner: 4 }, more), { status: 422, body: { code: 'reference_not_found', errors: [{ path: '/set/owner' }] } })
    t.match(await update({ labels: { add: [1, 2] } }, more), { status: 422, body: { code: 'reference_not_found', errors: [{ path: '/set/labels/add/1' }] } })
    t.match(await update({ status: 'held' }, more), { status: 400, body: { code: 'validation_failed' } })
  }
  t.same(await orm.em.getConnection().execute('SELECT count(*)::int AS jobs FROM powercrud.job'), [{ jobs: 0 }])
  t.match(await update({ owner: 3, labels: { add: [3], remove: [2] }, status: 'done' }), { status: 200, body: { status: 'succeeded' } })
  t.match(await update({ owner: 4 }, {}, 'boss'), { status: 200, body: { status: 'succeeded' } })
  t.match(await update({ owner: null }), { status: 200, body: { status: 'succeeded' } })
})

t.test('the answer says what the caller may do', async (t) => {
  const { get } = await openHost(t, {
    user: userOf,
    authorize: ({ headers }, { action }) => {
      if (action === 'delete') throw new TypeError('no')
      return headers['x-user'] === 'ada' || (headers['x-user'] === 'bob' && action === 'view')
    },
    resources: { items, kept: { ...items, path: '/kept', bulkDelete: false } }
  })
  t.same((await get('/items/bulk-options', 'ada')).body.actions, { update: true, delete: false })
  t.same((await get('/items/bulk-options', 'bob')).body.actions, { update: false, delete: false })
  t.same((await get('/kept/bulk-options', 'ada')).body.actions, { update: true, delete: false })
  t.match(await get('/items/bulk-options', 'eve'), { status: 403, body: { code: 'forbidden' } })
  t.match(await get('/items/bulk-options'), { status: 401, body: { code: 'unauthenticated' } })
})
