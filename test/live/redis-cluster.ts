import { Redis } from 'ioredis'
import { freePort } from '../setup/free-port.ts'
import { startRedis, type RedisServer } from '../setup/redis.ts'
import { until } from '../helpers/until.ts'
import type { TestScope } from '../helpers/test-scope.ts'

export interface RedisCluster {
  nodes: readonly { host: string, port: number }[]
  servers: readonly RedisServer[]
  /** Resolves when every node reports that all slots are served. */
  healthy (): Promise<void>
  /** Runs one command on every node, one after the other. */
  onEach<Result> (command: (node: Redis) => Promise<Result>): Promise<Result[]>
}

const slotCount = 16_384

/** Three masters with a third of the slots each; removed when the test ends. */
export async function ownRedisCluster (t: TestScope): Promise<RedisCluster> {
  const busPorts = [await freePort(), await freePort(), await freePort()]
  const servers = await Promise.all(busPorts.map((port) => startRedis([
    '--cluster-enabled', 'yes', '--cluster-config-file', 'nodes.conf', '--cluster-node-timeout', '10000', '--cluster-port', String(port)
  ])))
  t.teardown(() => Promise.all(servers.map((server) => server.remove())))
  const nodes = servers.map(({ url }) => ({ host: '127.0.0.1', port: Number(new URL(url).port) }))

  async function onEach<Result> (command: (node: Redis, index: number) => Promise<Result>): Promise<Result[]> {
    const results: Result[] = []
    for (const [index, { url }] of servers.entries()) {
      const node = new Redis(url)
      node.on('error', () => undefined)
      try {
        results.push(await command(node, index))
      } finally {
        node.disconnect()
      }
    }
    return results
  }
  const healthy = async () => {
    await until(async () => {
      const answers = await onEach((node) => node.cluster('INFO'))
      return answers.every((answer) => /cluster_state:ok/.test(answer) && /cluster_known_nodes:3/.test(answer))
    }, { intervalMs: 100, what: 'the Cluster to be healthy' })
  }

  await onEach(async (node, index) => {
    const [from, to] = [index, index + 1].map((third) => Math.round(slotCount * third / servers.length)) as [number, number]
    await node.cluster('ADDSLOTS', ...Array.from({ length: to - from }, (_, slot) => from + slot))
    await node.call('CLUSTER', 'MEET', '127.0.0.1', String(nodes[0]?.port), String(busPorts[0]))
  })
  await healthy()
  return { nodes, servers, healthy, onEach }
}
