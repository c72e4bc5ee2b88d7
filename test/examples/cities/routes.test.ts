import t from 'tap'
import { until } from '../../helpers/until.ts'
import { citiesApp } from './cities-app.ts'
import { engineOf } from '../../../src/app/manager/async-manager.ts'

const app = await citiesApp(t)
const paris = 2988507

async function get (url: string) {
  const response = await app.inject(url)
  return { status: response.statusCode, type: response.headers['content-type'], body: response.json() }
}

async function change (patch: unknown, id: number | string = paris) {
  const response = await app.inject({ method: 'PATCH', url: `/cities/${id}`, payload: patch as object })
  return { status: response.statusCode, body: response.json() }
}

t.test('a page of cities is ordered by id and tells how many match', async (t) => {
  const { status, body } = await get('/cities?limit=3&offset=1')
  t.equal(status, 200)
  t.equal(body.total, 135_233)
  const ids = body.items.map(({ id }: { id: number }) => id)
  t.same(ids, ids.toSorted((one: number, other: number) => one - other))
  t.equal(ids.length, 3)
  const { body: first } = await get('/cities?limit=2')
  t.equal(first.items[1].id, ids[0], 'the offset is in rows')
  t.same(Object.keys(first.items[0]).sort(),
    ['country', 'featureCode', 'id', 'name', 'notes', 'population', 'priority', 'reviewedAt', 'status', 'updatedAt', 'version'])
})

t.test('cities are filtered by country, status and a part of the name, and an empty one is none', async (t) => {
  t.match((await get('/cities?country=FR&status=unreviewed&q=PARIS&limit=')).body, { total: 7, items: [{ country: 'FR' }] })
  t.match((await get('/cities?country=FR&status=&q=')).body, { total: 8836 })
  t.same((await get('/cities?status=archived')).body, { total: 0, items: [] })
  t.match((await get('/cities?q=%25')).body, { total: 0 }, 'a percent sign is a percent sign')
})

t.test('a query that cannot be is refused, each mistake by its place', async (t) => {
  for (const [query, path] of [
    ['limit=201', '/querystring/limit'], ['limit=0', '/querystring/limit'], ['offset=-1', '/querystring/offset'], ['status=new', '/querystring/status'],
    ['country=France', '/querystring/country'], ['sort=size', '/querystring/sort'], ['statuss=verified', '/querystring'], ['q=%00', '/querystring/q']
  ] as const) {
    const { status, type, body } = await get(`/cities?${query}`)
    t.equal(status, 400, query)
    t.match(type, 'application/problem+json')
    t.match(body, { code: 'validation_failed', status: 400, errors: [{ path }] })
  }
})

t.test('a city comes with its tags', async (t) => {
  t.match((await get(`/cities/${paris}`)).body, { name: 'Paris', country: 'FR', featureCode: 'PPLC', version: 1, tags: [{ id: 3, name: 'university' }] })
  t.match(await get('/cities/1'), { status: 404, body: { code: 'city_not_found' } })
  t.match(await get('/cities/paris'), { status: 400, body: { code: 'validation_failed' } })
  t.match(await get('/towns'), { status: 404, body: { code: 'not_found' } })
})

t.test('tags', async (t) => {
  t.same((await get('/tags')).body, { items: [{ id: 1, name: 'coastal' }, { id: 2, name: 'historic' }, { id: 3, name: 'university' }] })
})

t.test('a city is changed, and only what was given', async (t) => {
  const before = (await get(`/cities/${paris}`)).body
  const all = await change({ status: 'verified', priority: 3, notes: 'Seine', reviewedAt: '2026-01-02T03:04:05.000Z', country: 'BE', tags: [2, 1] })
  t.match(all, {
    status: 200,
    body: {
      status: 'verified',
      priority: 3,
      notes: 'Seine',
      reviewedAt: '2026-01-02T03:04:05.000Z',
      country: 'BE',
      tags: [{ name: 'coastal' }, { name: 'historic' }],
      version: 2
    }
  })
  t.not(all.body.updatedAt, before.updatedAt)
  t.match(await change({ priority: null, notes: null, reviewedAt: null, country: 'FR', tags: [3] }), { status: 200 })
  const { updatedAt, ...after } = (await get(`/cities/${paris}`)).body
  t.match(updatedAt, /Z$/)
  t.match(after, { ...before, status: 'verified', version: 3, updatedAt: undefined })
})

t.test('the rule of the database refuses in its own words', async (t) => {
  t.match(await change({ status: 'archived' }), {
    status: 422, body: { code: 'check_violation', detail: 'The capital of a country cannot be archived.' }
  })
})

t.test('a change that cannot be is refused', async (t) => {
  t.match(await change({ country: 'ZZ' }), { status: 422, body: { code: 'reference_not_found', detail: 'there is no country ZZ' } })
  t.match(await change({ tags: [1, 9] }), { status: 422, body: { code: 'reference_not_found', detail: 'there is no tag 9' } })
  t.match(await change({ status: 'verified' }, 1), { status: 404, body: { code: 'city_not_found' } })
  t.match(await change({ priority: '3' }), { status: 400, body: { errors: [{ path: '/body/priority', message: 'must be integer' }] } }, 'text is not turned into a number')
  t.match(await change({ prioritty: 3 }), { status: 400, body: { errors: [{ message: /"prioritty"/ }] } })
  t.match(await change({}), { status: 400 })
  const text = await app.inject({ method: 'PATCH', url: `/cities/${paris}`, headers: { 'content-type': 'text/plain' }, payload: '{}' })
  t.match(text.json(), { status: 415, code: 'unsupported_media_type' })
})

t.test('the document names the schemas', async (t) => {
  const { body } = await get('/documentation/json')
  t.match(body.paths['/cities'].get.responses['200'], { content: { 'application/json': { schema: { $ref: '#/components/schemas/CityList' } } } })
  t.match((await app.inject('/documentation/')).statusCode, 200)
})

t.test('a city that a bulk job holds is not changed by hand, until the job has ended', async (t) => {
  const { database } = engineOf(app.powercrud)
  await database.transaction(async (sql) => {
    // The job cannot end while its city is locked here.
    await sql.query('SELECT FROM city WHERE id = $1 FOR UPDATE', [paris])
    const launched = await app.inject({
      method: 'POST', url: '/cities/bulk-update', headers: { prefer: 'respond-async' }, payload: { selection: { ids: [paris] }, set: { priority: 3 } }
    })
    t.equal(launched.statusCode, 202)
    t.match(await change({ priority: 4 }), { status: 409, body: { code: 'records_locked' } })
  })
  await until(async () => (await change({ priority: 4 })).status === 200, { what: 'the end of the job' })
  t.match((await get(`/cities/${paris}`)).body, { priority: 4 })
})

t.test('a page of cities is sorted by a column, and equal ones by id', async (t) => {
  const sorted = async (sort: string, query = '') => (await get(`/cities?limit=200&sort=${sort}${query}`)).body.items as Array<Record<string, number>>
  const populations = (await sorted('-population')).map(({ population }) => population!)
  t.same(populations, populations.toSorted((one, other) => other - one))
  t.ok(populations[0]! > 10_000_000)
  t.match((await sorted('population'))[0], { population: 0 })
  t.match([(await sorted('country'))[0], (await sorted('-country'))[0]], [{ country: 'AF' }, { country: 'AX' }], 'by name: Afghanistan, Åland')
  await change({ priority: 1 })
  for (const sort of ['priority', '-priority']) t.match((await sorted(sort))[0], { id: paris, priority: 1 }, 'empty values come last')
  const ids = (await sorted('status', '&country=FR')).map(({ id }) => id!)
  t.same(ids, ids.toSorted((one, other) => one - other))
  t.same((await sorted('-id')).map(({ id }) => id), (await sorted('-id')).map(({ id }) => id!).toSorted((one, other) => other - one))
})
