import t from 'tap'
import { LocksSchema } from '../../schemas/locks.ts'
import { buildAjv } from '../../src/validation/ajv.ts'
import { Account, Country, Item, Ledger, Seat } from '../fixtures/entities.ts'
import { openHost, userOf } from './options-host.ts'

const seed = `
  INSERT INTO account (id, name) SELECT ('00000000-0000-4000-8000-00000000000' || n)::uuid, 'account ' || n FROM generate_series(1, 9) n;
  INSERT INTO country (code, name) VALUES ('DE', 'Germany'), ('FR', 'France'), ('a,', 'Comma'), ('é', 'Accent');
  INSERT INTO seat (row, number) SELECT chr(64 + r), n FROM generate_series(1, 3) r, generate_series(1, 3) n;
  INSERT INTO ledger (id, note) SELECT 9007199254740990 + n, 'note ' || n FROM generate_series(1, 9) n`

const common = { bulkDelete: true, bulkMinAsyncRecords: 1 }
const resources = {
  items: { ...common, entity: Item, path: '/items', bulkFields: ['priority'] },
  accounts: { ...common, entity: Account, path: '/accounts', bulkFields: ['active'] },
  countries: { ...common, entity: Country, path: '/countries' },
  seats: { ...common, entity: Seat, path: '/seats' },
  ledgers: { ...common, entity: Ledger, path: '/ledgers' }
}

t.test('who holds records', async (t) => {
  const { get, post } = await openHost(t, { user: userOf, resources }, seed)
  const ids = (answer: Awaited<ReturnType<typeof get>>) => answer.body.items.map(({ id }: { id: unknown }) => id)
  const hold = async (path: string, selected: unknown[], as = 'ada') => {
    const { status, body } = await post(`${path}/bulk-delete`, { selection: { ids: selected } }, as)
    t.equal(status, 202)
    return body
  }

  await t.test('numbers, by commas or again and again', async (t) => {
    const job = await hold('/items', [3, 5, 7])
    const { status, body } = await get('/items/locks?ids=1,3,5', 'ada')
    t.equal(status, 200)
    t.ok(buildAjv([LocksSchema()], 'body').validate({ $ref: 'PowercrudLocks#' }, body))
    t.same(body.items, [3, 5].map((id) => ({ id, jobId: job.id, operation: 'delete', since: job.createdAt, createdBy: { id: 'ada', label: 'ADA' } })))
    t.same(ids(await get('/items/locks?ids=7&ids=5,6&ids=7', 'ada')), [5, 7])
    t.same(ids(await get('/items/locks?ids=1,2', 'ada')), [])
    t.same(ids(await post('/items/locks/query', { ids: [7, 1, 3] }, 'ada')), [3, 7])
    const [{ createdBy, ...rest }] = (await get('/items/locks?ids=3', 'bob')).body.items
    t.match(rest, { id: 3, jobId: job.id })
    t.equal(createdBy, null, 'whose job it is, is not for others to know')

    await post(`/powercrud/async/jobs/${job.id}/cancel`, {}, 'ada')
    t.same(ids(await get('/items/locks?ids=3,5,7', 'ada')), [], 'a job that has ended holds nothing')
  })

  await t.test('every other kind of key', async (t) => {
    await hold('/accounts', ['00000000-0000-4000-8000-000000000003'])
    t.same(ids(await get('/accounts/locks?ids=00000000-0000-4000-8000-000000000003,00000000-0000-4000-8000-000000000004', 'ada')), ['00000000-0000-4000-8000-000000000003'])
    await hold('/ledgers', ['9007199254740993'])
    t.same(ids(await get('/ledgers/locks?ids=9007199254740992,9007199254740993', 'ada')), ['9007199254740993'])
    await hold('/countries', ['DE', 'a,', 'é'])
    t.same(ids(await get('/countries/locks?ids=DE,FR', 'ada')), ['DE'])
    t.same(ids(await get('/countries/locks?ids=a,&ids=%C3%A9', 'ada')), ['a,', 'é'], 'a comma may be a part of the key')
    await hold('/seats', [{ row: 'A', number: 2 }, { row: 'B', number: 1 }])
    t.same(ids(await post('/seats/locks/query', { ids: [{ row: 'A', number: 1 }, { row: 'A', number: 2 }, { number: 1, row: 'B' }] }, 'ada')),
      [{ row: 'A', number: 2 }, { row: 'B', number: 1 }])
    t.equal((await get('/seats/locks?ids=1', 'ada')).status, 404, 'an address has no place for such keys')
  })

  await t.test('an invalid key is rejected', async (t) => {
    for (const query of ['', 'ids=', 'ids=x', 'ids=1,,2', 'ids=1.5', 'ids=99999999999', `ids=${Array.from({ length: 1001 }, (_, n) => n).join()}`]) {
      t.match(await get(`/items/locks?${query}`, 'ada'), { status: 400, body: { code: 'validation_failed' } }, query.slice(0, 30))
    }
    t.match(await post('/items/locks/query', { ids: [] }, 'ada'), { status: 400, body: { code: 'validation_failed' } })
    t.match(await post('/items/locks/query', { ids: ['1'] }, 'ada'), { status: 400, body: { code: 'validation_failed' } })
    t.equal((await post('/items/locks/query', { ids: Array.from({ length: 10_000 }, (_, n) => n) }, 'ada')).status, 200)
  })
})

t.test('the application judges who may ask, and who sees whose jobs', async (t) => {
  const { get, post } = await openHost(t, {
    user: userOf,
    authorize: ({ headers }, { action, resource }) => !(action === 'view' && resource === 'items' && headers['x-user'] === 'eve'),
    canSeeJob: ({ headers }, job) => headers['x-user'] === 'boss' || job.createdBy?.id === 'bob',
    resources
  })
  await post('/items/bulk-delete', { selection: { ids: [1] } }, 'ada')
  await post('/items/bulk-delete', { selection: { ids: [2] } }, 'bob')
  const owners = async (as: string) => (await get('/items/locks?ids=1,2', as)).body.items.map(({ createdBy }: { createdBy: { id: string } | null }) => createdBy?.id ?? null)
  t.same(await owners('boss'), ['ada', 'bob'])
  t.same(await owners('carl'), [null, 'bob'])
  t.match(await get('/items/locks?ids=1', 'eve'), { status: 403, body: { code: 'forbidden' } })
  t.match(await post('/items/locks/query', { ids: [1] }, 'eve'), { status: 403, body: { code: 'forbidden' } })
})

t.test('a record out of scope is never revealed, locked or not', async (t) => {
  const scope = ({ headers }: { headers: Record<string, unknown> }) => headers['x-user'] === 'boss' ? undefined : { priority: 1 }
  const { get, post } = await openHost(t, { user: userOf, resources: { items: { ...resources.items, scope } } })
  // The priority of an item is its id, modulo 5.
  t.match(await post('/items/bulk-update', { selection: { ids: [1, 2, 6, 7] }, set: { priority: 9 } }, 'boss'), { status: 202 })
  const lockedFor = async (as: string) => (await post('/items/locks/query', { ids: [1, 2, 3, 6, 7] }, as)).body.items.map(({ id }: { id: number }) => id)
  t.same(await lockedFor('boss'), [1, 2, 6, 7])
  t.same(await lockedFor('ada'), [1, 6])
  t.same((await get('/items/locks?ids=2,6', 'ada')).body.items.map(({ id }: { id: number }) => id), [6])
  const refused = await post('/items/bulk-update', { selection: { ids: [1, 2] }, set: { priority: 8 } }, 'ada')
  t.match(refused, { status: 409, body: { conflictCount: 1, conflicts: [{ id: 1 }] } })
})
