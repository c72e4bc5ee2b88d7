import t from 'tap'
import { createDatabase } from '../helpers/database.ts'
import { bulkLaunch, openEngine } from '../helpers/engine.ts'
import { until } from '../helpers/until.ts'
import { launchBulk } from '../../src/operations/launch/launch-bulk.ts'
import { readJob } from '../../src/jobs/store/job-rows.ts'
import { startEngineWorker } from '../../src/execution/worker/engine-worker.ts'
import { Item } from '../fixtures/entities.ts'
import { createOrm, seedItems } from '../fixtures/orm.ts'

t.test('two applications in one database, told apart by their schemas, do not take each other\'s jobs', async (t) => {
  const orm = await createOrm(t, await createDatabase(t))
  await seedItems(orm, 40)
  const resources = { items: { entity: Item } }
  const [mine, theirs] = await Promise.all(['mine', 'theirs'].map((databaseSchema) => openEngine(t, { orm, resources, settings: { databaseSchema } })))
  const launch = async ({ engine }: typeof mine & {}) =>
    (await launchBulk(engine, bulkLaunch(engine, 'items', { selection: { all: true }, set: { status: 'done' } }))).job
  const statusOf = async ({ engine }: typeof mine & {}, id: string) => (await readJob(engine.database, engine.tables, id))?.status

  const myJob = await launch(mine!)
  const foreign = await startEngineWorker({ ...theirs!, concurrency: 1 })
  t.teardown(() => foreign.stop(1_000))
  const theirJob = await launch(theirs!)
  await until(async () => await statusOf(theirs!, theirJob.id) === 'succeeded')
  t.equal(await mine!.engine.queue.stateOf({ jobId: myJob.id, n: 1 }), 'waiting')

  const own = await startEngineWorker({ ...mine!, concurrency: 1 })
  t.teardown(() => own.stop(1_000))
  await until(async () => await statusOf(mine!, myJob.id) === 'succeeded')
})
