import t from 'tap'
import { Item } from '../fixtures/entities.ts'
import { persistenceConfig, RecordingPersistence } from '../fixtures/recording-persistence.ts'
import { startScript } from '../helpers/processes.ts'
import { until } from '../helpers/until.ts'
import { createWorld } from './world.ts'

t.test('a persistence class receives the same in the request and in a separate worker, and writes for both', async (t) => {
  const world = await createWorld(t, {
    items: 60,
    options: {
      prefix: 'powercrud',
      worker: { mode: 'separate' },
      resources: { items: { entity: Item, path: '/items', bulkFields: ['status'], persistence: RecordingPersistence, persistenceConfig } }
    }
  })
  const worker = startScript(t, new URL('../fixtures/recording-persistence.ts', import.meta.url), { args: [world.database.url] })
  await worker.waitForLine(/^ready$/)
  const body = { selection: { ids: [1, 2, 3] }, set: { status: 'done' }, reason: 'spring' }
  const received = async (headers: Record<string, string>) => {
    const { json, status } = await world.post('/items/bulk-update', body, { headers, as: 'ada' })
    const job = status === 200 ? json : await until(async () => { const seen = await world.get(`/powercrud/async/progress/${json.id}`, { as: 'ada' }); return seen.status === 286 && seen.json }, { what: 'the end of the job' })
    t.match(job, { status: 'succeeded', counts: { succeeded: 3 } })
    const [{ notes }] = (await world.sql.query('SELECT DISTINCT notes FROM item WHERE id <= 3')).rows
    const { pid, ...rest } = JSON.parse(notes)
    t.equal(rest.job.id, job.id)
    return { status, pid, rest: { ...rest, job: { ...rest.job, id: '' } } }
  }
  const here = await received({})
  const there = await received({ prefer: 'respond-async' })
  t.same([here.status, here.pid, there.status, there.pid], [200, process.pid, 202, worker.pid])
  t.same(there.rest, here.rest)
  t.same(here.rest, {
    mode: 'update', set: { status: 'done' }, user: { id: 'ada', label: 'ADA' }, job: { id: '', reason: 'spring' }, resource: 'items', keys: [1, 2, 3], config: persistenceConfig, canTell: 'function'
  })
})
