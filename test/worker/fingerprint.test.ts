import t from 'tap'
import { launchBulk } from '../../src/jobs/launch-bulk.ts'
import { readJob } from '../../src/jobs/sql/read-job.ts'
import type { ResourceRules } from '../../src/engine.ts'
import { Item } from '../fixtures/entities.ts'
import { createOrm, seedItems } from '../fixtures/orm.ts'
import { createDatabase } from '../helpers/database.ts'
import { bulkLaunch, openEngine, work } from '../helpers/engine.ts'

t.test('a job waits for a worker that means the same by its resource, and each that does not says so', async (t) => {
  const database = await createDatabase(t)
  const orm = await createOrm(t, database)
  await seedItems(orm, 5)
  const open = (rules: Partial<ResourceRules>, name = 'items') => openEngine(t, { orm, resources: { [name]: { entity: Item, bulkFields: ['status'], ...rules } } })
  const server = await open({})
  const { job } = await launchBulk(server.engine, bulkLaunch(server.engine, 'items', { selection: { ids: [1] }, set: { status: 'done' }, here: 'never' }))

  for (const worker of [await open({ bulkFields: ['status', 'notes'] }), await open({ undo: true }), await open({}, 'things')]) {
    t.match(await work(worker.engine, job), { done: false, retryInMs: Number })
    t.match(await work(worker.engine, job), { done: false })
  }
  t.match(await readJob(server.engine.database, server.engine.tables, job.id), { status: 'queued', attempts: 0, fence: 0 })

  const same = await open({ bulkMinAsyncRecords: 3 })
  t.same(await work(same.engine, job), { done: true })
  t.match(await readJob(server.engine.database, server.engine.tables, job.id), { status: 'succeeded' })
})

t.test('the complaint names the resource, once', async (t) => {
  const database = await createDatabase(t)
  const orm = await createOrm(t, database)
  await seedItems(orm, 5)
  const server = await openEngine(t, { orm, resources: { items: { entity: Item, bulkFields: ['status'] } } })
  const worker = await openEngine(t, { orm, resources: { items: { entity: Item, bulkFields: ['status'], undo: true } } })
  const { job } = await launchBulk(server.engine, bulkLaunch(server.engine, 'items', { selection: { ids: [1] }, set: { status: 'done' }, here: 'never' }))
  await work(worker.engine, job)
  await work(worker.engine, job)
  t.equal(worker.complaints.length, 1)
  t.match(worker.complaints, [{ details: { jobId: job.id, resource: 'items' }, message: /disagree on the resource items/ }])
})
