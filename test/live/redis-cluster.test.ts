import { randomUUID } from 'node:crypto'
import { Cluster, type ClusterOptions } from 'ioredis'
import t from 'tap'
import { createRedisLiveStore } from '../../src/live/redis-live-store.ts'
import { conformance, generousTimeoutMs, progress, type OpenOptions } from './conformance.ts'
import { outages, type BreakableBench } from './outages.ts'
import { ownRedisCluster } from './redis-cluster.ts'
import type { TestScope } from '../helpers/test-scope.ts'

const cluster = await ownRedisCluster(t)

function connect (t: TestScope, options: ClusterOptions = {}): Cluster {
  const client = new Cluster([...cluster.nodes], options)
  client.on('error', () => undefined)
  t.teardown(() => client.disconnect())
  return client
}

function openWith (t: TestScope, redis: Cluster, { ttlMs = 60_000, timeoutMs = generousTimeoutMs, onError = () => undefined, installation }: OpenOptions = {}) {
  const store = createRedisLiveStore({ redis, prefix: installation, ttlMs, timeoutMs, onError })
  t.teardown(() => store.close())
  return store
}

const sum = (numbers: number[]) => numbers.reduce((total, number) => total + number, 0)

const bench: BreakableBench = {
  kind: 'redis',
  open: async (t, options) => openWith(t, connect(t), options),
  storedCount: async () => sum(await cluster.onEach((node) => node.dbsize())),
  async empty () { await cluster.onEach((node) => node.flushall()) },
  async ownConnectionCount () {
    return sum(await cluster.onEach(async (node) => (String(await node.client('LIST')).match(/name=\S*powercrud-(live|signals)/g) ?? []).length))
  },
  async takeDown () { await Promise.all(cluster.servers.map((server) => server.stop('SIGKILL'))) },
  async bringUp () {
    await Promise.all(cluster.servers.map((server) => server.start()))
    await cluster.healthy()
  },
  async freeze () { for (const server of cluster.servers) server.pause() },
  async thaw () {
    for (const server of cluster.servers) server.resume()
    await cluster.healthy()
  }
}

t.test('a live store on Redis Cluster', async (t) => { conformance(t, bench) })
t.test('while the Cluster is unavailable', async (t) => { outages(t, bench) })

t.test('a keyPrefix in either place of the given client\'s options precedes ours, once', async (t) => {
  for (const options of [{ keyPrefix: 'app:' }, { redisOptions: { keyPrefix: 'app:' } }]) {
    await bench.empty()
    const jobIds = [randomUUID(), randomUUID(), randomUUID()]
    const store = openWith(t, connect(t, options))
    for (const jobId of jobIds) await store.publish(jobId, progress())
    const keys = await cluster.onEach((node) => node.keys('*'))
    t.same(keys.flat().sort(), jobIds.map((jobId) => `app:{powercrud}:live:${jobId}`).sort())
    t.equal(keys.filter((ofNode) => ofNode.length > 0).length, 1, 'and all are on one node')
    t.equal((await store.readMany(jobIds)).size, 3)
    await store.forget(jobIds)
    t.equal(await bench.storedCount(), 0)
  }
})

t.test('the settings of the given client do not matter', async (t) => {
  const clients: ClusterOptions[] = [
    { scaleReads: 'slave', enableOfflineQueue: false, clusterRetryStrategy: () => null },
    { lazyConnect: true, enableAutoPipelining: true },
    { redisOptions: { protocol: 2, maxRetriesPerRequest: null } },
    { redisOptions: { replyMapping: 'resp3', connectionName: 'host' } }
  ]
  for (const options of clients) {
    const store = openWith(t, connect(t, options))
    const [jobId, published] = [randomUUID(), progress()]
    await store.publish(jobId, published)
    t.same((await store.readMany([jobId])).get(jobId), published)
  }
})
