import t from 'tap'
import { createWorld, type World } from './world.ts'

const base = '/powercrud/async'
const jobs = `${base}/jobs`
/** Without a worker a task stays queued. */
const options = { tasks: { nightly: async () => undefined }, worker: { mode: 'separate' } } as const

/** What a caller gets of the task: the list, the job, and the cancel. Null is an anonymous caller. */
async function reach ({ get, post }: World, id: string, as: string | null) {
  const listed = (await get(jobs, { as })).json.items.map((job: { id: string }) => job.id)
  return {
    isListed: listed.includes(id) as boolean,
    view: (await get(`${jobs}/${id}`, { as })).status,
    progress: (await get(`${base}/progress/${id}`, { as })).status,
    cancel: (await post(`${jobs}/${id}/cancel`, {}, { as })).status
  }
}

const allowed = { isListed: true, view: 200, progress: 200, cancel: 202 }
const unknown = { isListed: false, view: 404, progress: 404, cancel: 404 }

t.test('a task that was launched without a user is the one of anonymous callers, where `user` says who calls', async (t) => {
  const world = await createWorld(t, { options })
  const { id } = await world.app.powercrud.launch('nightly', null)
  t.same(await reach(world, id, 'ada'), unknown)
  t.same(await reach(world, id, null), allowed)
  const adas = await world.app.powercrud.launch('nightly', null, { user: { id: 'ada', label: 'Ada' } })
  t.same(await reach(world, adas.id, null), unknown)
  t.same(await reach(world, adas.id, 'ada'), allowed)
})

t.test('authorize keeps anonymous callers from it', async (t) => {
  const world = await createWorld(t, { options: { ...options, authorize: ({ headers }) => headers['x-user'] !== undefined } })
  const { id } = await world.app.powercrud.launch('nightly', null)
  for (const url of [jobs, `${jobs}/${id}`, `${base}/progress/${id}`]) t.equal((await world.get(url, { as: null })).status, 401)
  t.equal((await world.post(`${jobs}/${id}/cancel`, {}, { as: null })).status, 401)
  t.same(await reach(world, id, 'ada'), unknown)
})

t.test('canSeeJob gives it to whom the application chooses', async (t) => {
  const world = await createWorld(t, { options: { ...options, canSeeJob: ({ headers }, { createdBy }) => headers['x-user'] === (createdBy?.id ?? 'admin') } })
  const { id } = await world.app.powercrud.launch('nightly', null)
  t.same(await reach(world, id, 'ada'), unknown)
  t.same(await reach(world, id, null), unknown)
  t.same(await reach(world, id, 'admin'), allowed)
})
