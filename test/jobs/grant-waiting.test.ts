import { Redis } from 'ioredis'
import t from 'tap'
import { grantWaiting } from '../../src/jobs/grant-waiting.ts'
import { readJob } from '../../src/jobs/store/job-rows.ts'
import { cancelJob } from '../../src/operations/cancel-job.ts'
import { launchBulk } from '../../src/operations/launch/launch-bulk.ts'
import { Item } from '../fixtures/entities.ts'
import { createOrm, seedItems } from '../fixtures/orm.ts'
import { createEngineDatabase } from '../helpers/engine-database.ts'
import { bulkLaunch, openEngine } from '../helpers/engine.ts'
import { createGate } from '../helpers/gate.ts'
import { itemsEngine } from '../helpers/items.ts'
import { ownRedis } from '../helpers/redis.ts'
import { until } from '../helpers/until.ts'

t.test('a waiting job is cancelled while it is being granted', async (t) => {
  const { database, engine, launch } = await itemsEngine(t, { count: 10 })
  const holder = await launch({ selection: { ids: [1] }, set: { priority: 1 } })
  const waiting = await launch({ selection: { ids: [1, 2] }, set: { priority: 2 }, onConflict: 'wait' })
  t.equal(waiting.status, 'waiting')
  await engine.database.query('UPDATE powercrud.chunk SET living = false WHERE selection_id = $1', [holder.id])

  const gate = await createGate(database, { table: 'powercrud.job', on: 'update', row: "old.status = 'waiting' AND new.status = 'queued'" })
  await gate.close()
  const granting = grantWaiting(engine)
  granting.catch(() => undefined)
  await gate.waitUntilReached()
  const cancelling = cancelJob(engine, waiting.id)
  cancelling.catch(() => undefined)
  await until(async () => (await engine.pulse.query(`
    SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND wait_event IN ('transactionid', 'tuple')`)).length > 0,
  { what: 'a cancel that waits for the grant' })
  await gate.open()

  t.equal(await granting, 1)
  t.match(await cancelling, { status: 'cancelled' })
  t.same(await engine.database.query('SELECT FROM powercrud.chunk WHERE selection_id = $1 AND (living OR in_line)', [waiting.id]), [])
})

t.test('a job that its launch withdraws leaves its records to the job that waits for them', async (t) => {
  const database = await createEngineDatabase(t)
  const orm = await createOrm(t, database)
  await seedItems(orm, 5)
  const resources = { items: { entity: Item, bulkFields: ['status'] } }
  const redis = await ownRedis(t)
  const client = new Redis(redis.url)
  client.on('error', () => {})
  t.teardown(() => client.disconnect())
  const { engine } = await openEngine(t, { orm, resources, settings: { redis: client } })
  const { engine: other } = await openEngine(t, { orm, resources })

  // The queue goes after it was asked; and the withdrawal has begun when another job comes.
  const inserting = await createGate(database, { table: 'powercrud.job', on: 'insert' })
  const withdrawing = await createGate(database, { table: 'powercrud.job', on: 'delete' })
  await inserting.close()
  await withdrawing.close()
  const set = { status: 'done' }
  const launching = launchBulk(engine, bulkLaunch(engine, 'items', { selection: { ids: [1] }, set, runInRequest: 'never' }))
  launching.catch(() => undefined)
  await inserting.waitUntilReached()
  await redis.kill()
  await inserting.open()
  await withdrawing.waitUntilReached()
  const { job } = await launchBulk(other, bulkLaunch(other, 'items', { selection: { ids: [1] }, set, runInRequest: 'never', onConflict: 'wait' }))
  t.equal(job.status, 'waiting')
  await withdrawing.open()

  await t.rejects(launching, { code: 'unavailable' })
  t.equal((await readJob(other.database, other.tables, job.id))!.status, 'queued')
})
