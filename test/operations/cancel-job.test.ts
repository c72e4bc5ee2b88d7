import t from 'tap'
import { cancelJob } from '../../src/operations/cancel-job.ts'
import { launchBulk } from '../../src/operations/launch/launch-bulk.ts'
import { readJob } from '../../src/jobs/store/job-rows.ts'
import { Item } from '../fixtures/entities.ts'
import { createOrm, seedItems } from '../fixtures/orm.ts'
import { createEngineDatabase } from '../helpers/engine-database.ts'
import { bulkLaunch, openEngine, work } from '../helpers/engine.ts'
import { createGate } from '../helpers/gate.ts'
import type { TestScope } from '../helpers/test-scope.ts'

const count = 12_000

async function cancelled (t: TestScope, onError: 'rollback' | 'stop' | 'continue') {
  const database = await createEngineDatabase(t)
  const orm = await createOrm(t, database)
  await seedItems(orm, count)
  const { engine } = await openEngine(t, { orm, resources: { items: { entity: Item } } })
  const gate = await createGate(database, { table: 'item', on: 'update', row: 'new.id = 7000' })
  const { job } = await launchBulk(engine, bulkLaunch(engine, 'items', { selection: { all: true }, set: { status: 'done' }, onError }))

  await gate.close()
  const working = work(engine, job)
  await gate.waitUntilReached()
  const asked = await cancelJob(engine, job.id)
  await gate.open()
  await working

  const ended = (await readJob(engine.database, engine.tables, job.id))!
  const [{ done } = { done: -1 }] = await engine.database.query<{ done: number }>("SELECT count(*)::int AS done FROM item WHERE status = 'done'")
  const [{ living } = { living: -1 }] = await engine.database.query<{ living: number }>('SELECT count(*)::int AS living FROM powercrud.chunk WHERE living')
  return { engine, asked, ended, done, living }
}

t.test('under rollback a cancel leaves nothing behind', async (t) => {
  const { asked, ended, done, living } = await cancelled(t, 'rollback')
  t.equal(asked.status, 'cancelling')
  t.match(ended, { status: 'cancelled', succeeded: 0, failed: 0, error_code: null })
  t.same([done, living], [0, 0])
})

for (const onError of ['stop', 'continue'] as const) {
  t.test(`under ${onError} the running chunk is committed and counted, and no other`, async (t) => {
    const { ended, done, living } = await cancelled(t, onError)
    t.match(ended, { status: 'cancelled', succeeded: 10_000 })
    t.same([done, living], [10_000, 0])
  })
}

t.test('an ended job cannot be cancelled, an unknown one is not there', async (t) => {
  const { engine, ended } = await cancelled(t, 'rollback')
  await t.rejects(cancelJob(engine, ended.id), { code: 'wrong_state', statusCode: 409 })
  await t.rejects(cancelJob(engine, '00000000-0000-7000-8000-000000000000'), { code: 'job_not_found', statusCode: 404 })
})

t.test('a queued job is cancelled at once, and its delivery is dropped', async (t) => {
  const database = await createEngineDatabase(t)
  const orm = await createOrm(t, database)
  await seedItems(orm, 10)
  const { engine } = await openEngine(t, { orm, resources: { items: { entity: Item } } })
  const { job } = await launchBulk(engine, bulkLaunch(engine, 'items', { selection: { all: true }, set: { status: 'done' }, runInRequest: 'never' }))
  t.equal((await cancelJob(engine, job.id)).status, 'cancelled')
  t.same(await work(engine, job), { done: true })
  t.same(await engine.database.query("SELECT 1 FROM item WHERE status = 'done'"), [])
  t.match(await readJob(engine.database, engine.tables, job.id), { status: 'cancelled', attempts: 0 })
})
