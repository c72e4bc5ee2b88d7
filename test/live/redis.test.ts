import { randomUUID } from 'node:crypto'
import { Redis, type RedisOptions } from 'ioredis'
import t from 'tap'
import { createRedisLiveStore } from '../../src/live/redis-live-store.ts'
import { awakeDuring } from '../helpers/awake.ts'
import { ownRedis } from '../helpers/redis.ts'
import { until } from '../helpers/until.ts'
import { conformance, waitUntilReceiving, listening, generousTimeoutMs, progress, type OpenOptions } from './conformance.ts'
import { outages, type BreakableBench } from './outages.ts'
import type { TestScope } from '../helpers/test-scope.ts'

const server = await ownRedis(t)
const observer = await server.connect()

function connect (t: TestScope, options: RedisOptions = {}): Redis {
  const client = new Redis(server.url, options)
  client.on('error', () => undefined)
  t.teardown(() => client.disconnect())
  return client
}

function openWith (t: TestScope, redis: Redis, { ttlMs = 60_000, timeoutMs = generousTimeoutMs, onError = () => undefined, installation }: OpenOptions = {}) {
  const store = createRedisLiveStore({ redis, prefix: installation, ttlMs, timeoutMs, onError })
  t.teardown(() => store.close())
  return store
}

const bench: BreakableBench = {
  kind: 'redis',
  open: async (t, options) => openWith(t, connect(t), options),
  storedCount: () => observer.dbsize(),
  empty: server.flush,
  async ownConnectionCount () {
    return (String(await observer.client('LIST')).match(/name=powercrud-(live|signals)/g) ?? []).length
  },
  takeDown: server.kill,
  bringUp: server.start,
  async freeze () { server.pause() },
  async thaw () { server.resume() }
}

t.test('a live store on Redis', async (t) => { conformance(t, bench) })
t.test('while Redis is unavailable', async (t) => { outages(t, bench) })

t.test('every key has a TTL and the prefix', async (t) => {
  await server.flush()
  const store = openWith(t, connect(t), { ttlMs: 30_000 })
  const jobId = randomUUID()
  await store.publish(jobId, progress())
  t.same(await observer.keys('*'), [`{powercrud}:live:${jobId}`])
  const ttl = await observer.pttl(`{powercrud}:live:${jobId}`)
  t.ok(ttl > 0 && ttl <= 30_000)
})

t.test('a keyPrefix of the given client precedes ours, once', async (t) => {
  await server.flush()
  const store = openWith(t, connect(t, { keyPrefix: 'app:' }), { installation: 'bulk' })
  const { received } = await listening(store)
  const jobIds = [randomUUID(), randomUUID()] as const
  for (const jobId of jobIds) await store.publish(jobId, progress())
  t.same((await observer.keys('*')).sort(), jobIds.map((jobId) => `app:{bulk}:live:${jobId}`).sort())
  t.equal((await store.readMany(jobIds)).size, 2)
  t.ok(await store.read(jobIds[0]))
  await store.forget(jobIds)
  t.equal(await observer.dbsize(), 0)
  await waitUntilReceiving(received, store)
})

t.test('a hash tag in the prefix is kept', async (t) => {
  await server.flush()
  const jobId = randomUUID()
  await openWith(t, connect(t), { installation: '{a}:b' }).publish(jobId, progress())
  await openWith(t, connect(t, { keyPrefix: '{c}:' }), { installation: 'd' }).publish(jobId, progress())
  t.same((await observer.keys('*')).sort(), [`{a}:b:live:${jobId}`, `{c}:d:live:${jobId}`])
})

t.test('the settings of the given client do not matter', async (t) => {
  const clients: RedisOptions[] = [
    { retryStrategy: () => null, maxRetriesPerRequest: null, enableOfflineQueue: false },
    { lazyConnect: true, enableAutoPipelining: true, autoResubscribe: false },
    { protocol: 2 },
    { protocol: 3, replyMapping: 'resp3', stringNumbers: true },
    { db: 3, connectionName: 'host', commandTimeout: 1, readOnly: false }
  ]
  for (const options of clients) {
    const store = openWith(t, connect(t, options), { timeoutMs: 10_000 })
    const { received } = await listening(store)
    const [jobId, published] = [randomUUID(), progress()]
    await store.publish(jobId, published)
    t.same((await store.readMany([jobId])).get(jobId), published, JSON.stringify(options))

    await server.kill()
    await t.rejects(store.ping(1_000), { code: 'unavailable' })
    await server.start()
    await until(() => store.ping(1_000).then(() => true, () => false))
    await waitUntilReceiving(received, store)
  }
})

t.test('while Redis is known to be down, calls fail without waiting', async (t) => {
  const down = await ownRedis(t)
  const given = new Redis(down.url, { lazyConnect: true })
  const store = openWith(t, given, { timeoutMs: 5_000 })
  await store.ping(5_000)
  await down.kill()
  await t.rejects(store.ping(5_000), { code: 'unavailable' })
  const tookMs = await awakeDuring(async () => {
    for (let call = 0; call < 50; call++) await store.read(randomUUID()).catch(() => undefined)
  })
  t.ok(tookMs < 4_000, `50 calls, one after the other, in ${tookMs} ms`)
})

t.test('keeps working when the given client is closed, and does not close it', async (t) => {
  const given = connect(t)
  const store = openWith(t, given)
  await listening(store)
  given.disconnect()
  await t.resolves(store.ping(10_000))

  const kept = connect(t)
  const other = openWith(t, kept)
  await listening(other)
  await other.close()
  t.equal(await kept.ping(), 'PONG')
  await t.rejects(other.read(randomUUID()), { code: 'unavailable' })
})

t.test('an error of Redis is the cause of the rejection', async (t) => {
  const jobId = randomUUID()
  const store = openWith(t, connect(t))
  await observer.set(`{powercrud}:live:${jobId}`, 'not a hash')
  await t.rejects(store.publish(jobId, progress()), { code: 'unavailable', cause: { message: /WRONGTYPE/ } })
  await t.rejects(store.readMany([randomUUID(), jobId]), { code: 'unavailable', cause: { message: /WRONGTYPE/ } })
})

t.test('works after Redis has lost its scripts', async (t) => {
  const store = openWith(t, connect(t))
  const jobId = randomUUID()
  await store.publish(jobId, progress({ processed: 1 }))
  await observer.script('FLUSH')
  await store.publish(jobId, progress({ processed: 2 }))
  t.match(await store.read(jobId), { processed: 2 })
})
