import t from 'tap'
import { startEngineWorker } from '../../../src/execution/worker/engine-worker.ts'
import { launchBulk } from '../../../src/operations/launch/launch-bulk.ts'
import { Item } from '../../fixtures/entities.ts'
import { createOrm, seedItems } from '../../fixtures/orm.ts'
import { createEngineDatabase } from '../../helpers/engine-database.ts'
import { bulkLaunch, openEngine } from '../../helpers/engine.ts'
import { createRedis } from '../../helpers/redis.ts'
import { until } from '../../helpers/until.ts'

const jobCount = 60
/** Two workers of one version take 2 seconds, and these 5. Deliveries that keep coming back to the wrong worker take a minute. */
const deadlineMs = 20_000

for (const kind of ['PostgreSQL', 'Redis'] as const) {
  t.test(`with a queue on ${kind}, each of two versions of an application gets its jobs to its own worker soon`, async (t) => {
    const database = await createEngineDatabase(t)
    const orm = await createOrm(t, database)
    await seedItems(orm, jobCount)
    const redis = kind === 'Redis' ? await createRedis(t) : undefined
    const open = (bulkFields: string[]) => openEngine(t, {
      orm, resources: { items: { entity: Item, bulkFields } }, settings: redis === undefined ? {} : { redis: redis.client, prefix: redis.prefix }
    })
    const versions = [await open(['status']), await open(['status', 'notes'])] as const
    const startWorkers = () => Promise.all(versions.map(async ({ engine, queueBackend }) => {
      const worker = await startEngineWorker({ engine, queueBackend, concurrency: 2 })
      t.teardown(() => worker.stop(5_000))
      await worker.ready()
    }))
    for (let at = 0; at < jobCount; at += 1) {
      const { engine } = versions[at % 2]!
      await launchBulk(engine, bulkLaunch(engine, 'items', { selection: { ids: [at + 1] }, set: { status: 'done' }, runInRequest: 'never' }))
    }
    await startWorkers()
    const { database: sql } = versions[0].engine
    await until(async () => {
      const jobs = await sql.query<{ status: string }>('SELECT status FROM powercrud.job')
      return jobs.every(({ status }) => status === 'succeeded')
    }, { deadlineMs, what: 'the end of all jobs' })
    const [row] = await sql.query<{ done: number }>("SELECT count(*)::int AS done FROM item WHERE status = 'done'")
    t.equal(row!.done, jobCount)
  })
}
