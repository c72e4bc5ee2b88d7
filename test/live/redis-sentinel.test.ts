import { randomUUID } from 'node:crypto'
import { Redis } from 'ioredis'
import t from 'tap'
import { createRedisLiveStore } from '../../src/live/redis-live-store.ts'
import { until } from '../helpers/until.ts'
import { waitUntilReceiving, listening, progress } from './conformance.ts'
import { ownSentinelGroup } from './redis-sentinel.ts'

t.test('a live store follows a failover of Sentinel', async (t) => {
  const { name, sentinels, loseMaster } = await ownSentinelGroup(t)
  const given = new Redis({ name, sentinels, keyPrefix: 'app:', sentinelRetryStrategy: () => null })
  given.on('error', () => undefined)
  t.teardown(() => given.disconnect())
  const errors: Error[] = []
  const store = createRedisLiveStore({ redis: given, ttlMs: 60_000, timeoutMs: 10_000, onError: (error) => errors.push(error) })
  t.teardown(() => store.close())

  const { received } = await listening(store)
  const [jobId, published] = [randomUUID(), progress()]
  await store.publish(jobId, published)
  t.same(await store.read(jobId), published)

  await loseMaster()
  await t.rejects(store.ping(100), { code: 'unavailable' })
  await until(() => store.publish(jobId, progress({ processed: 400 })).then(() => true, () => false),
    { deadlineMs: 60_000, intervalMs: 100, what: 'the failover' })
  t.match(await store.read(jobId), { processed: 400 })
  await waitUntilReceiving(received, store)
  t.ok(errors.length > 0)
})
