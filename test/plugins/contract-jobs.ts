import type { Test } from 'tap'
import { until } from '../helpers/until.ts'
import type { World } from './world.ts'

const jobs = '/powercrud/async/jobs'

/** The list of jobs, and the job. */
export async function contractOfJobs (t: Test, world: World): Promise<void> {
  const launch = async (id: number, as: string, url = '/items/bulk-update') =>
    (await world.post(url, { selection: { ids: [id] }, ...(url.endsWith('update') && { set: { notes: 'listed' } }) }, { as })).json.id as string
  const mine: string[] = []
  for (let id = 60; id < 65; id++) mine.unshift(await launch(id, 'lister'))
  mine.unshift(await launch(65, 'lister', '/items/bulk-delete'))
  const queued = (await world.post('/accounts/bulk-update', { selection: { all: true }, set: { active: true } }, { as: 'lister' })).json.id
  mine.unshift(queued)
  await launch(66, 'grace')

  const list = async (query: string, as: string | null = 'lister') => {
    const { status, json } = await world.get(`${jobs}?${query}`, { as })
    return { status, json, ids: json.items?.map(({ id }: { id: string }) => id) }
  }

  await t.test('one\'s own jobs, newest first', async (t) => {
    t.same((await list('')).ids, mine)
    t.match((await list('')).json, { nextCursor: null, items: [{ status: 'queued', resource: 'accounts' }, { operation: 'delete' }] })
    t.same((await list('', 'stranger')).ids, [])
  })

  await t.test('filters', async (t) => {
    t.same((await list('status=queued')).ids, [queued])
    t.same((await list('status=queued&status=succeeded')).ids, mine)
    t.same((await list('resource=items&operation=delete')).ids, [mine[1]])
    t.same((await list('createdBy=lister&limit=2')).ids, mine.slice(0, 2))
    t.same((await list('createdBy=grace')).ids, [], 'not even the number of other people\'s')
  })

  await t.test('what an update writes', async (t) => {
    const { json: { items } } = await list('')
    t.match(items, [{ operation: 'update', set: { active: true } }, { operation: 'delete', set: null }, { set: { notes: 'listed' } }])
    t.match((await world.get(`${jobs}/${mine[2]}`, { as: 'lister' })).json.set, { notes: 'listed' })
  })

  await t.test('pages', async (t) => {
    const seen: string[] = []
    let cursor: string | null = ''
    for (let page = 0; cursor !== null && page < 9; page++) {
      const { json, ids } = await list(`limit=3${cursor === '' ? '' : `&cursor=${cursor}`}`)
      seen.push(...ids)
      cursor = json.nextCursor
    }
    t.same(seen, mine)
  })

  await t.test('what is not valid', async (t) => {
    for (const query of ['limit=0', 'limit=201', 'limit=x', 'status=gone', 'statuss=queued', 'cursor=nonsense', 'cursor=', 'resource=%00', 'operation=a%00', 'createdBy=%00']) {
      t.match(await list(query), { status: 400, json: { code: 'validation_failed' } }, query)
    }
    t.match((await world.get(`${jobs}?status=gone`)).json.errors, [{ path: '/status/0' }])
  })

  await t.test('the job, always with 200', async (t) => {
    t.match(await world.get(`${jobs}/${mine[2]}`, { as: 'lister' }), { status: 200, headers: { 'cache-control': 'no-store' }, json: { status: 'succeeded' } })
    t.match(await world.get(`${jobs}/${queued}`, { as: 'lister' }), { status: 200, json: { status: 'queued' } })
    t.match(await world.get(`${jobs}/${queued}`, { as: 'lister', headers: { accept: 'text/html' } }), { status: 406 })
    t.match(await world.get(jobs, { headers: { 'x-refuse': 'view' } }), { status: 403 })
  })

  await t.test('every link of a job leads somewhere', async (t) => {
    for (const id of [queued, mine[2]]) {
      const { json: { links: { cancel, undo, ...places } } } = await world.get(`${jobs}/${id}`, { as: 'lister' })
      t.ok(places.self && places.progress && places.results)
      for (const place of Object.values<string | null>(places)) {
        if (place !== null) t.match((await world.get(place, { as: 'lister' })).status, /200|286/, place)
      }
    }
  })

  await t.test('a job on a resource that is there no more', async (t) => {
    const { json: { id, links } } = await world.post('/countries/bulk-update', { selection: { ids: ['AA'] }, set: { name: 'renamed' } })
    await world.sql.query("UPDATE powercrud.job SET resource = 'lands' WHERE id = $1", [id])
    t.match(await world.get(links.self), { status: 200, json: { resource: 'lands', links: { undo: null } } })
    for (const accept of ['application/json', 'application/x-ndjson', 'text/csv']) {
      t.match(await world.get(links.results, { headers: { accept } }), { status: 409, json: { code: 'wrong_state', jobId: id } }, accept)
    }
    t.match(await world.post(`${links.self}/retry`), { status: 409, json: { code: 'wrong_state' } })
  })

  await t.test('health', async (t) => {
    // A part that a busy machine keeps from answering in time counts as down.
    const { json } = await until(async () => {
      const answer = await world.get('/powercrud/async/health', { as: null })
      return answer.status === 200 && answer
    }, { what: 'a healthy system' })
    t.match(json, { status: 'ok', database: { status: 'up' }, queue: { status: 'up' }, liveStore: { status: 'up' }, workers: { living: 0 } })
  })
}
