import t, { type Test } from 'tap'
import type { MikroORM } from '@mikro-orm/postgresql'
import { createDatabase } from '../helpers/database.ts'
import { bulkLaunch, openEngine, type TestEngine } from '../helpers/engine.ts'
import { createRedis } from '../helpers/redis.ts'
import { until } from '../helpers/until.ts'
import { launchBulk } from '../../src/operations/launch/launch-bulk.ts'
import { readJob } from '../../src/jobs/store/job-rows.ts'
import { handleDelivery } from '../../src/execution/worker/handle-delivery.ts'
import { startEngineWorker } from '../../src/execution/worker/engine-worker.ts'
import { Item } from '../fixtures/entities.ts'
import { createOrm, seedItems } from '../fixtures/orm.ts'

const resources = { items: { entity: Item } }

async function seededOrm (t: Test): Promise<MikroORM> {
  const orm = await createOrm(t, await createDatabase(t))
  await seedItems(orm, 40)
  return orm
}

async function launch ({ engine }: TestEngine) {
  return (await launchBulk(engine, bulkLaunch(engine, 'items', { selection: { all: true }, set: { status: 'done' } }))).job
}

async function statusOf ({ engine }: TestEngine, id: string) {
  return (await readJob(engine.database, engine.tables, id))?.status
}

/** Runs the worker of one application while a delivery of the other one waits. */
async function doNotShareDeliveries (t: Test, mine: TestEngine, theirs: TestEngine): Promise<void> {
  const myJob = await launch(mine)
  const foreign = await startEngineWorker({ ...theirs, concurrency: 1 })
  t.teardown(() => foreign.stop(1_000))
  const theirJob = await launch(theirs)
  await until(async () => await statusOf(theirs, theirJob.id) === 'succeeded')
  t.equal(await mine.engine.queue.stateOf({ jobId: myJob.id, n: 1 }), 'waiting')

  const own = await startEngineWorker({ ...mine, concurrency: 1 })
  t.teardown(() => own.stop(1_000))
  await until(async () => await statusOf(mine, myJob.id) === 'succeeded')
}

t.test('two applications in one database, with schemas of their own, do not consume each other\'s deliveries', async (t) => {
  const orm = await seededOrm(t)
  const [mine, theirs] = await Promise.all(['mine', 'theirs'].map((databaseSchema) => openEngine(t, { orm, resources, settings: { databaseSchema } })))
  await doNotShareDeliveries(t, mine!, theirs!)
})

t.test('two applications with the same prefix on one Redis do not receive each other\'s deliveries or signals', async (t) => {
  const { client: redis, prefix } = await createRedis(t)
  const [mine, theirs] = await Promise.all([seededOrm(t), seededOrm(t)]
    .map(async (orm) => await openEngine(t, { orm: await orm, resources, settings: { redis, prefix } })))
  const foreignSignals: string[] = []
  t.teardown(theirs!.engine.live.subscribe(({ jobId }) => { foreignSignals.push(jobId) }))
  await doNotShareDeliveries(t, mine!, theirs!)
  const rows = await mine!.engine.database.query<{ id: string }>(`SELECT id FROM ${mine!.engine.tables.job}`)
  t.notOk(rows.some(({ id }) => foreignSignals.includes(id)), 'no signal of the other application')
  t.ok(foreignSignals.length > 0, 'the signals of their own job arrive')
})

t.test('a delivery whose job does not exist is dropped, and logged', async (t) => {
  const { engine, logged } = await openEngine(t, { orm: await seededOrm(t), resources })
  const jobId = '0199aaaa-0000-7000-8000-000000000000'
  t.same(await handleDelivery(engine, { jobId, n: 1 }, { signal: new AbortController().signal }), { done: true })
  t.match(logged, [{ details: { jobId }, message: /dropped a delivery whose job does not exist/ }])
})
