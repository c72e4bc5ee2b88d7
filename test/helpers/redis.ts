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

/** A client of the shared Redis, with a prefix for the keys of this test. */
export async function createRedis (t: TestScope): Promise<TestRedis> {
  const url = serverAddress('TEST_REDIS_URL')
  const prefix = `test-${randomBytes(6).toString('hex')}`
  const client = await connect(t, url)
  t.teardown(() => deleteKeys(client, prefix))
  return { url, client, prefix }
}

export interface OwnRedis {
  url: string
  /** A client that keeps reconnecting while the server is down. */
  connect (): Promise<Redis>
  /** Crashes it: all data is lost. */
  kill (): Promise<void>
  /** Starts it again on the same port, empty. */
  start (): Promise<void>
  /** Deletes all data; connections stay open. */
  flush (): Promise<void>
  /** Keeps connections open, and responds to nothing until `resume`. */
  pause: RedisServer['pause']
  resume: RedisServer['resume']
}

/** A Redis server for this test alone, which it may kill, freeze and flush. */
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
  // Tests stop the server; without a listener every failed attempt is printed.
  client.on('error', () => {})
  await client.connect()
  t.teardown(() => client.disconnect())
  return client
}

async function deleteKeys (client: Redis, prefix: string): Promise<void> {
  // Clusters and BullMQ put the prefix into braces: both spellings belong to this test.
  for (const pattern of [`${prefix}*`, `{${prefix}*`]) {
    for await (const keys of client.scanStream({ match: pattern, count: 1000 }) as AsyncIterable<string[]>) {
      if (keys.length > 0) await client.unlink(keys)
    }
  }
}
