import { randomUUID } from 'node:crypto'
import t from 'tap'
import { migrate } from '../../src/migrations/migrate.ts'
import { createPool } from '../../src/database/pool.ts'
import { tablesIn } from '../../src/database/tables.ts'
import { createPostgresLiveStore, liveChannel } from '../../src/live/postgres-live-store.ts'
import { createOrm } from '../fixtures/orm.ts'
import { freezePostgres, ownPostgres } from '../helpers/database.ts'
import { until } from '../helpers/until.ts'
import { conformance, listening, generousTimeoutMs, progress, type OpenOptions } from './conformance.ts'
import { outages, type BreakableBench } from './outages.ts'
import type { TestScope } from '../helpers/test-scope.ts'

const databaseSchema = 'live_test'
const tables = tablesIn(databaseSchema)
const server = await ownPostgres(t)
const orm = await createOrm(t, { url: server.url })
await migrate(createPoolOf(t).config, { tables, queue: 'redis' })

function createPoolOf (t: TestScope, onError: (error: Error) => void = () => undefined) {
  const pool = createPool(orm, { applicationName: 'powercrud test', max: 8, onError })
  t.teardown(() => pool.close())
  return pool
}

async function open (t: TestScope, { ttlMs = 60_000, timeoutMs = generousTimeoutMs, onError = () => undefined, installation = 'powercrud' }: OpenOptions = {}) {
  const store = createPostgresLiveStore({
    database: createPoolOf(t), tables, channel: liveChannel(databaseSchema, installation), ttlMs, timeoutMs, onError
  })
  t.teardown(() => store.close())
  return store
}

async function count (statement: string): Promise<number> {
  const client = await server.connect()
  try {
    return Number((await client.query<{ count: string }>(statement)).rows[0]?.count)
  } finally {
    await client.end()
  }
}

let thaw = () => {}

const bench: BreakableBench = {
  kind: 'postgres',
  open,
  storedCount: () => count(`SELECT count(*) FROM ${tables.liveProgress}`),
  async empty () { await count(`WITH deleted AS (DELETE FROM ${tables.liveProgress} RETURNING 1) SELECT count(*) FROM deleted`) },
  ownConnectionCount: () => count("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'powercrud live'"),
  takeDown: () => server.stop('immediate'),
  bringUp: server.start,
  async freeze () { thaw = await freezePostgres(server.url) },
  async thaw () { thaw() }
}

t.test('a live store on PostgreSQL', async (t) => { conformance(t, bench) })
t.test('while PostgreSQL is unavailable', async (t) => { outages(t, bench) })

t.test('the channel belongs to one installation, and is a valid name in PostgreSQL', async (t) => {
  const channels = [liveChannel('powercrud', 'powercrud'), liveChannel('powercrud', 'other'), liveChannel('other', 'powercrud'), liveChannel('a', 'bc'), liveChannel('ab', 'c')]
  t.equal(new Set(channels).size, channels.length)
  t.ok(liveChannel('s'.repeat(63), 'p'.repeat(200)).length < 63)
  t.equal(liveChannel('powercrud', 'powercrud'), channels[0], 'the same in every process')
})

t.test('reconnects after a regular restart as after a crash', async (t) => {
  const store = await open(t)
  const { received } = await listening(store)
  await server.restart('fast')
  await until(() => store.ping(1_000).then(() => true, () => false))
  received.length = 0
  await until(async () => {
    await store.signal({ jobId: randomUUID(), kind: 'status' })
    return received.length > 0
  })
  t.ok(received.length > 0)
})

t.test('a listening connection that is terminated is reopened', async (t) => {
  const store = await open(t)
  const { received } = await listening(store)
  const admin = await server.connect()
  await admin.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'powercrud live'")
  received.length = 0
  await until(async () => {
    await store.signal({ jobId: randomUUID(), kind: 'status' })
    return received.length > 0
  })
  t.ok(received.length > 0)
})

t.test('the table is not logged: progress costs no write-ahead log', async (t) => {
  const client = await server.connect()
  const { rows } = await client.query('SELECT relpersistence FROM pg_class WHERE oid = $1::regclass', [tables.liveProgress])
  t.same(rows, [{ relpersistence: 'u' }])
})

t.test('an invalid statement is not reported as an outage', async (t) => {
  const store = createPostgresLiveStore({
    database: createPoolOf(t), tables: tablesIn('not_there'), channel: 'not_there', ttlMs: 1_000, onError: () => undefined
  })
  await t.rejects(store.publish(randomUUID(), progress()), { code: '42P01' })
})
