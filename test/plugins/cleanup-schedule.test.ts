import fastifySchedule from '@fastify/schedule'
import Fastify from 'fastify'
import { Redis } from 'ioredis'
import t from 'tap'
import powercrudAsync from '../../plugins/index.ts'
import { Item } from '../fixtures/entities.ts'
import { createOrm, seedItems } from '../fixtures/orm.ts'
import { createDatabase } from '../helpers/database.ts'
import { emptyQueue } from '../helpers/empty-queue.ts'
import { answering } from '../helpers/engine.ts'
import { createGate } from '../helpers/gate.ts'
import { ownRedis } from '../helpers/redis.ts'
import type { TestScope } from '../helpers/test-scope.ts'
import { until } from '../helpers/until.ts'
import { engineOf } from '../../src/app/manager/async-manager.ts'

/** Servers on one database. A sweep is never far; what is abandoned, if no worker comes, is not so within any start of a server. */
async function servers (t: TestScope, redisUrl?: string) {
  const database = await createDatabase(t)
  const orm = await createOrm(t, database)
  await seedItems(orm, 50)
  const client = await database.connect()
  return {
    database,
    client,
    async open (mode: 'in-process' | 'separate', hostScheduler = false) {
      const app = Fastify()
      if (hostScheduler) await app.register(fastifySchedule)
      const redis = redisUrl === undefined ? undefined : new Redis(redisUrl)
      redis?.on('error', () => {})
      await app.register(powercrudAsync, {
        orm,
        ...(redis && { redis }),
        migrate: true,
        cleanupScheduleInterval: 1,
        worker: { mode },
        resources: { items: { entity: Item, path: '/items', bulkFields: ['status'] } }
      })
      await app.ready()
      await answering(engineOf(app.powercrud))
      t.teardown(async () => {
        await app.close()
        redis?.disconnect()
      })
      return app
    },
    async written (): Promise<number[]> {
      const { rows } = await client.query("SELECT DISTINCT version FROM item WHERE status = 'done' ORDER BY 1")
      return rows.map(({ version }) => version)
    }
  }
}

type App = Awaited<ReturnType<Awaited<ReturnType<typeof servers>>['open']>>

async function launch (app: App): Promise<string> {
  const answer = await app.inject({ method: 'POST', url: '/items/bulk-update', payload: { selection: { all: true }, set: { status: 'done' } } })
  return answer.json().links.progress
}

async function ended (app: App, progress: string) {
  return until(async () => {
    const answer = await app.inject(progress)
    return answer.statusCode === 286 && answer.json()
  }, { what: 'the end of the job', deadlineMs: 60_000 })
}

t.test('a job that the queue on PostgreSQL has forgotten is done, in a host with a scheduler of its own', async (t) => {
  const { open, client, written } = await servers(t)
  const progress = await launch(await open('separate'))
  await emptyQueue(client)
  const app = await open('in-process', true)
  t.match(await ended(app, progress), { status: 'succeeded', counts: { succeeded: 50 } })
  t.same(await written(), [2], 'once')
})

t.test('the same with a Redis that comes back empty, before the job is taken and while it runs', async (t) => {
  const redis = await ownRedis(t)
  const { open, database, client, written } = await servers(t, redis.url)
  const progress = await launch(await open('separate'))
  await redis.flush()
  const app = await open('in-process')
  t.match(await ended(app, progress), { status: 'succeeded' })
  t.same(await written(), [2])

  await client.query("UPDATE item SET status = 'new'")
  const gate = await createGate(database, { table: 'item', on: 'update' })
  await gate.close()
  const second = await launch(app)
  await gate.waitUntilReached()
  await redis.kill()
  await redis.start()
  await gate.open()
  t.match(await ended(app, second), { status: 'succeeded', counts: { succeeded: 50 } })
  t.same(await written(), [3])
})
