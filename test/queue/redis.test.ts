import { Cluster, Redis } from 'ioredis'
import t from 'tap'
import { createRedisQueueBackend } from '../../src/queue/bullmq-backends.ts'
import type { RedisClient } from '../../src/redis-client.ts'
import { createRedis, ownRedis } from '../helpers/redis.ts'
import type { TestScope } from '../helpers/test-scope.ts'
import { until } from '../helpers/until.ts'
import { ownRedisCluster } from '../live/redis-cluster.ts'
import { conformance } from './conformance.ts'
import { newDelivery } from './deliveries.ts'

t.test('conformance', (t) => conformance(t, 'redis'))

t.test('the application\'s client stays open and keeps its settings', async (t) => {
  const { url, client, prefix } = await createRedis(t)
  const given = new Redis(url, { keyPrefix: `${prefix}:`, commandTimeout: 20_000, enableOfflineQueue: true, lazyConnect: true })
  t.teardown(() => given.disconnect())
  await given.connect()
  await deliver(t, given, 'jobs')

  t.equal(await given.ping(), 'PONG')
  t.equal(given.listenerCount('error'), 0, 'without listeners')
  t.match(given.options, { commandTimeout: 20_000, maxRetriesPerRequest: 20 })
  const keys = await client.keys(`*${prefix}*`)
  t.ok(keys.length > 0)
  for (const key of keys) t.match(key, new RegExp(`^\\{${prefix}:jobs\\}:`), 'keys carry its prefix, in a hash tag')
})

t.test('reconnects even if the application\'s client never does', async (t) => {
  const server = await ownRedis(t)
  const given = new Redis(server.url, { retryStrategy: () => null })
  given.on('error', () => undefined)
  t.teardown(() => given.disconnect())
  const deliverAgain = await deliver(t, given, 'powercrud')
  await server.kill()
  await server.start()
  await until(() => deliverAgain().then(() => true, () => false))
  t.equal(given.status, 'end')
})

t.test('works in a Cluster', async (t) => {
  const { nodes } = await ownRedisCluster(t)
  const given = new Cluster([...nodes])
  t.teardown(() => given.disconnect())
  await deliver(t, given, 'powercrud')
  t.equal(given.status, 'ready', 'and the client stays open')
})

/** Sends a delivery and waits until it is handled; resolves to a function that sends another. */
async function deliver (t: TestScope, redis: RedisClient, prefix: string): Promise<() => Promise<void>> {
  const onError = () => undefined
  const backend = createRedisQueueBackend({ redis, prefix, queueName: 'jobs', onError })
  let count = 0
  const consumer = await backend.createConsumer({
    concurrency: 1,
    onError,
    async handle () {
      count++
      return { done: true }
    }
  })
  const queue = await backend.createQueue()
  t.teardown(async () => {
    await consumer.close(1_000)
    await queue.close()
  })
  const send = async () => {
    const before = count
    await queue.add(newDelivery())
    await until(() => count > before)
  }
  await send()
  return send
}
