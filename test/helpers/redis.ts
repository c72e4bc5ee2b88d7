import { randomBytes } from 'node:crypto'
import { Redis } from 'ioredis'
import { startRedis, type RedisServer } from '../setup/redis.ts'
import { serverAddress } from './addresses.ts'
import type { TestScope } from './test-scope.ts'

export interface TestRedis {
  url: string
  client: Redis
  /** Unique to this call; the keys that start with it are deleted when the test ends. Not set as keyPrefix: BullMQ refuses such a client. */
  prefix: string
}

/** A client of the shared Redis, with a prefix for what this test writes. */
export async function createRedis (t: TestScope): Promise<TestRedis> {
  const url = serverAddress('TEST_REDIS_URL')
  const prefix = `test-${randomBytes(6).toString('hex')}`
  const client = await connect(t, url)
  t.teardown(() => deleteKeys(client, prefix))
  return { url, client, prefix }
}

export interface OwnRedis {
  url: string
  /** A client that goes on trying while the server is away. */
  connect (): Promise<Redis>
  /** A crash: everything in it is lost. */
  kill (): Promise<void>
  /** Starts it again on the same port, empty. */
  start (): Promise<void>
  /** Everything in it is lost, and connections stay. */
  flush (): Promise<void>
  /** Connections stay, and nothing is answered until `resume`. */
  pause: RedisServer['pause']
  resume: RedisServer['resume']
}

/** A Redis server for this test alone, which it may kill, freeze and empty. */
export async function ownRedis (t: TestScope): Promise<OwnRedis> {
  const server = await startRedis()
  t.teardown(() => server.remove())
  return {
    url: server.url,
    connect: () => connect(t, server.url),
    kill: () => server.stop('SIGKILL'),
    start: server.start,
    async flush () {
      const client = new Redis(server.url)
      await client.flushall()
      client.disconnect()
    },
    pause: server.pause,
    resume: server.resume
  }
}

async function connect (t: TestScope, url: string): Promise<Redis> {
  const client = new Redis(url, { lazyConnect: true, maxRetriesPerRequest: null })
  // A server that is away is what tests do; without a listener every failed attempt is printed.
  client.on('error', () => {})
  await client.connect()
  t.teardown(() => client.disconnect())
  return client
}

async function deleteKeys (client: Redis, prefix: string): Promise<void> {
  // Clusters and BullMQ put a prefix into braces; both spellings are this test's.
  for (const pattern of [`${prefix}*`, `{${prefix}*`]) {
    for await (const keys of client.scanStream({ match: pattern, count: 1000 }) as AsyncIterable<string[]>) {
      if (keys.length > 0) await client.unlink(keys)
    }
  }
}
