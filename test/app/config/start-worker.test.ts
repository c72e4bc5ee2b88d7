import t from 'tap'
import { startWorker, type Config } from '../../../src/app/worker/index.ts'
import { launchBulk } from '../../../src/operations/launch/launch-bulk.ts'
import { Item } from '../../fixtures/entities.ts'
import { createOrm, seedItems } from '../../fixtures/orm.ts'
import { createEngineDatabase } from '../../helpers/engine-database.ts'
import { bulkLaunch, openEngine } from '../../helpers/engine.ts'
import { until } from '../../helpers/until.ts'

const log = { debug () {}, info () {}, warn () {}, error () {} }

t.test('a program runs a worker of its own, and what it gave stays open', async (t) => {
  const database = await createEngineDatabase(t)
  const orm = await createOrm(t, database)
  await seedItems(orm, 50)
  const { engine } = await openEngine(t, { orm, resources: { items: { entity: Item, bulkFields: ['status'] } } })
  await launchBulk(engine, bulkLaunch(engine, 'items', { selection: { all: true }, set: { status: 'done' } }))
  const client = await database.connect()
  const count = async (from: string) => (await client.query(`SELECT FROM ${from}`)).rowCount

  const config: Config = { orm, resources: { items: { entity: Item, path: '/items', bulkFields: ['status'] } } }
  const worker = await startWorker(config, { log })
  t.teardown(() => worker.close())
  await worker.ready()
  await until(async () => await count("powercrud.job WHERE status = 'succeeded'") === 1, { what: 'the job to succeed' })
  t.equal(await count("item WHERE status = 'done'"), 50)
  t.match((await client.query('SELECT id FROM powercrud.worker WHERE stopped_at IS NULL')).rows, [{ id: worker.id }])

  await Promise.all([worker.close(), worker.close()])
  t.equal(await count('powercrud.worker WHERE stopped_at IS NULL'), 0)
  t.ok(await orm.isConnected())
})

t.test('a config that is wrong is refused', async (t) => {
  const orm = await createOrm(t, await createEngineDatabase(t))
  await t.rejects(startWorker({ orm, resources: { items: { entity: Item, path: '/items', bulkFields: ['statuss'] } } }, { log }), { code: 'invalid_options', message: /did you mean status/ })
  await t.rejects(startWorker({ orm, migrate: false, databaseSchema: 'elsewhere' }, { log }), { code: 'migrations_missing' })
})
