import { Redis } from 'ioredis'
import t from 'tap'
import { AsyncManager, type LifecycleEvent } from '../../../plugins/index.ts'
import { performBulk } from '../../../src/operations/launch/perform-bulk.ts'
import { withdrawJob } from '../../../src/jobs/store/launches.ts'
import { launchTask } from '../../../src/operations/tasks/launch-task.ts'
import { Item } from '../../fixtures/entities.ts'
import { createOrm, seedItems } from '../../fixtures/orm.ts'
import { createEngineDatabase } from '../../helpers/engine-database.ts'
import { bulkLaunch, openEngine } from '../../helpers/engine.ts'
import { createGate } from '../../helpers/gate.ts'
import { ownRedis } from '../../helpers/redis.ts'

t.test('nobody hears of a job that was taken back because the queue was gone', async (t) => {
  const heard: LifecycleEvent[] = []
  const database = await createEngineDatabase(t)
  const orm = await createOrm(t, database)
  await seedItems(orm, 5)
  const redis = await ownRedis(t)
  const given = new Redis(redis.url)
  given.on('error', () => {})
  t.teardown(() => given.disconnect())
  const { engine } = await openEngine(t, {
    orm,
    resources: { items: { entity: Item, bulkFields: ['status'] } },
    settings: {
      redis: given,
      tasks: { nothing: async () => undefined },
      manager: class extends AsyncManager {
        override async asyncTaskLifecycle (event: LifecycleEvent) { if (event !== 'progress') heard.push(event) }
      }
    }
  })
  // The queue goes after it was asked, and before it hears of the job.
  const gate = await createGate(database, { table: 'powercrud.job', on: 'insert' })
  await gate.close()
  const launching = launchTask(engine, 'nothing', null)
  launching.catch(() => undefined)
  await gate.waitUntilReached()
  await redis.kill()
  await gate.open()
  await t.rejects(launching, { code: 'unavailable' })
  await engine.lifecycle.deliver()
  t.same(heard, [])
  t.same(await engine.database.query('SELECT 1 FROM powercrud.outbox'), [])
  t.same(await engine.database.query('SELECT 1 FROM powercrud.job'), [])

  const { job } = await performBulk(engine, bulkLaunch(engine, 'items', { selection: { ids: [1] }, set: { status: 'done' } }))
  await engine.lifecycle.deliver()
  t.same(heard, ['create', 'complete', 'cleanup'], 'what is done in the request is told')
  t.equal(await withdrawJob(engine.database, engine.tables, job.id), false)
})
