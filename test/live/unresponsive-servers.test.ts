import { randomUUID } from 'node:crypto'
import { Redis } from 'ioredis'
import t, { type Test } from 'tap'
import { openListener } from '../../src/live/postgres-listener.ts'
import { createRedisLiveStore } from '../../src/live/redis-live-store.ts'
import { openSubscriber } from '../../src/live/redis-subscriber.ts'
import { createDatabase } from '../helpers/database.ts'
import { createRedis } from '../helpers/redis.ts'
import { until } from '../helpers/until.ts'
import { createProxy, type Proxy } from './proxy.ts'

// A connection that only listens never notices by itself that it is dead.

/** After this long without a response a connection counts as dead; longer than a busy machine delays one. */
const silentMs = 3_000

interface Subscription {
  proxy: Proxy
  received: string[]
  send: (text: string) => Promise<unknown>
}

async function reconnects (t: Test, { proxy, received, send }: Subscription): Promise<void> {
  const sendAndReceive = async () => {
    const text = randomUUID()
    await until(async () => {
      await send(text)
      return received.includes(text)
    }, { intervalMs: 20 })
  }
  await sendAndReceive()
  const connectionCount = proxy.connectionCount
  await until(async () => { await send('early'); return received.filter((text) => text === 'early').length > 20 })
  t.equal(proxy.connectionCount, connectionCount, 'a connection that responds is kept')
  proxy.silence()
  await sendAndReceive()
  t.ok(proxy.connectionCount > connectionCount, 'over another connection')
}

t.test('a LISTEN whose connection was silently dropped is reopened', async (t) => {
  const database = await createDatabase(t)
  const url = new URL(database.url)
  const proxy = await createProxy(t, { port: Number(url.port) })
  url.port = String(proxy.port)
  const received: string[] = []
  const errors: Error[] = []
  const listener = openListener({
    config: { connectionString: url.href },
    channel: 'Silence "quoted"',
    onPayload: (text) => received.push(text),
    onError: (error) => errors.push(error),
    timeoutMs: silentMs,
    checkMs: 50
  })
  t.teardown(() => listener.close())
  const sender = await database.connect()
  await reconnects(t, { proxy, received, send: (text) => sender.query('SELECT pg_notify($1, $2)', ['Silence "quoted"', text]) })
  t.match(errors, [{ code: 'unavailable' }], 'and it is reported')
})

t.test('a subscription whose connection was silently dropped is reopened', async (t) => {
  const { url, client, prefix } = await createRedis(t)
  const proxy = await createProxy(t, { port: Number(new URL(url).port) })
  const given = new Redis(proxy.port, '127.0.0.1', { lazyConnect: true })
  const received: string[] = []
  const errors: Error[] = []
  const subscriber = openSubscriber(given, {
    name: 'silence',
    channel: prefix,
    onText: (text) => received.push(text),
    onError: (error) => errors.push(error),
    timeoutMs: silentMs,
    checkMs: 50
  })
  t.teardown(() => subscriber.close())
  await reconnects(t, { proxy, received, send: (text) => client.publish(prefix, text) })
  t.ok(errors.length >= 1 && errors.length <= 3, 'and it is reported')
})

t.test('commands use a new connection when theirs was silently dropped', async (t) => {
  const { url, prefix } = await createRedis(t)
  const proxy = await createProxy(t, { port: Number(new URL(url).port) })
  const given = new Redis(proxy.port, '127.0.0.1', { lazyConnect: true })
  const store = createRedisLiveStore({ redis: given, prefix, ttlMs: 60_000, timeoutMs: silentMs, onError: () => undefined })
  t.teardown(() => store.close())
  await store.ping(10_000)
  proxy.silence()
  await t.rejects(store.ping(200), { code: 'unavailable' })
  await until(() => store.ping(10_000).then(() => true, () => false))
  t.equal(proxy.connectionCount, 2)
})
