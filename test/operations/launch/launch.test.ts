import t from 'tap'
import { idempotencyClaim } from '../../../src/jobs/idempotency.ts'
import { launchBulk } from '../../../src/operations/launch/launch-bulk.ts'
import { performBulk } from '../../../src/operations/launch/perform-bulk.ts'
import type { Selection } from '../../../src/entities/selection.ts'
import { Item } from '../../fixtures/entities.ts'
import { createOrm, seedItems } from '../../fixtures/orm.ts'
import { createEngineDatabase } from '../../helpers/engine-database.ts'
import { bulkLaunch, openEngine, work } from '../../helpers/engine.ts'
import { ownRedis } from '../../helpers/redis.ts'
import type { TestScope } from '../../helpers/test-scope.ts'
import { until } from '../../helpers/until.ts'

async function items (t: TestScope, count = 100) {
  const database = await createEngineDatabase(t)
  const orm = await createOrm(t, database)
  await seedItems(orm, count)
  const { engine } = await openEngine(t, { orm, resources: { items: { entity: Item }, again: { entity: Item } } })
  const client = await database.connect()
  const launch = (selection: Exclude<Selection, { previewId: string }>, more = {}) =>
    launchBulk(engine, bulkLaunch(engine, 'items', { selection, set: { status: 'done' }, runInRequest: 'never', ...more }))
  /** Everything that a launch writes: jobs, their chunks, and living selections. */
  const traces = async () => (await client.query(`
    SELECT (SELECT count(*)::int FROM powercrud.job) AS jobs, (SELECT count(*)::int FROM powercrud.job_chunk) AS chunks,
      (SELECT count(*)::int FROM powercrud.chunk WHERE living) AS living, (SELECT count(*)::int FROM powercrud.idempotency) AS keys`)).rows[0]
  return { engine, client, launch, traces, orm, database }
}

t.test('records that a living job holds are refused, by name, and nothing is left of the launch', async (t) => {
  const { engine, launch, traces } = await items(t)
  const { job } = await launch({ ids: [1, 2, 3] })
  const before = await traces()

  const refused = launch({ ids: [5, 3, 4, 2] })
  await t.rejects(refused, {
    code: 'records_locked',
    statusCode: 409,
    conflictCount: 2,
    conflicts: [{ id: 2, jobId: job.id, operation: 'update' }, { id: 3, jobId: job.id, operation: 'update' }]
  })
  t.same(await traces(), before)

  await launch({ ids: [4, 5] })
  await work(engine, job)
  await launch({ ids: [2, 3] })
})

t.test('two resources on one entity see each other\'s locks', async (t) => {
  const { engine, launch } = await items(t)
  await launch({ ids: [7] })
  await t.rejects(launchBulk(engine, bulkLaunch(engine, 'again', { selection: { filter: { id: { lt: 9 } } }, set: { status: 'held' } })), { code: 'records_locked' })
})

t.test('at most a hundred conflicts are listed, and all are counted', async (t) => {
  const { launch } = await items(t, 300)
  await launch({ all: true })
  const error = await launch({ filter: { id: { lte: 250 } } }).catch((error) => error)
  t.equal(error.conflictCount, 250)
  t.equal(error.conflicts.length, 100)
})

t.test('what was selected is what is written, whatever matches later', async (t) => {
  const { engine, client, launch } = await items(t)
  const { job } = await launch({ filter: { priority: 0 } })
  await client.query('UPDATE item SET priority = 4 WHERE id = 5; UPDATE item SET priority = 0 WHERE id = 6')
  await work(engine, job)
  const { rows } = await client.query("SELECT id FROM item WHERE status = 'done' ORDER BY id")
  t.same(rows.map(({ id }) => id), Array.from({ length: 20 }, (_, n) => (n + 1) * 5))
})

t.test('expectedCount counts after exclude, and the actual count is reported', async (t) => {
  const { launch, traces } = await items(t)
  const before = await traces()
  await t.rejects(launch({ all: true, exclude: [1, 2], expectedCount: 100 }), { code: 'count_mismatch', statusCode: 412, count: 98 })
  t.same(await traces(), before)
  const { job } = await launch({ all: true, exclude: [1, 2], expectedCount: 98 })
  t.equal(job.total, 98)
})

t.test('more records than allowed are refused, whichever way they are selected', async (t) => {
  const database = await createEngineDatabase(t)
  const orm = await createOrm(t, database)
  await seedItems(orm, 30)
  const { engine } = await openEngine(t, { orm, resources: { items: { entity: Item, bulkMaxSelectedRecords: 10 } } })
  for (const selection of [{ all: true }, { filter: { id: { gt: 0 } } }, { ids: Array.from({ length: 11 }, (_, n) => n) }] as const) {
    await t.rejects(launchBulk(engine, bulkLaunch(engine, 'items', { selection: selection as Selection & { all: true }, set: { status: 'done' } })), { code: 'too_many_records', statusCode: 413 })
  }
  t.same(await engine.database.query('SELECT 1 FROM powercrud.job'), [])
})

t.test('below the threshold the caller does it, above it a worker', async (t) => {
  const { engine } = await items(t)
  const perform = (ids: number[], here: 'small' | 'never' | 'always') =>
    performBulk(engine, bulkLaunch(engine, 'items', { selection: { ids }, set: { status: 'done' }, runInRequest: here }))
  const upTo = (last: number) => Array.from({ length: last }, (_, n) => n + 1)

  t.equal((await perform(upTo(19), 'small')).job.status, 'succeeded')
  t.equal((await perform(upTo(20), 'always')).job.status, 'succeeded')
  t.equal((await perform([30], 'never')).job.status, 'queued')
  t.equal((await perform(upTo(20), 'small')).job.status, 'queued')
})

t.test('duplicates collapse; missing records are counted, and not locked', async (t) => {
  const { engine, launch } = await items(t)
  const { job } = await launch({ ids: [3, 900, 3, 1, 901] })
  t.equal(job.total, 4)
  const other = await launch({ ids: [900, 901] })
  await work(engine, job)
  const { job: done } = await performBulk(engine, bulkLaunch(engine, 'items', { selection: { ids: [3, 900] }, set: { status: 'held' } }))
  t.match(done, { status: 'succeeded', succeeded: 1, missing: 1 })
  await work(engine, other.job)
  const [gone] = await engine.database.query('SELECT status, error_code, missing FROM powercrud.job WHERE id = $1', [other.job.id])
  t.same(gone, { status: 'failed', error_code: 'all_records_missing', missing: 2 })
})

t.test('a record outside of the scope is missing: not locked, not touched', async (t) => {
  const { engine, client } = await items(t)
  const view = { em: engine.orm.em.fork(), scope: { priority: 1 } }
  const { job } = await performBulk(engine, bulkLaunch(engine, 'items', { selection: { ids: [1, 2] }, set: { status: 'done' }, view }))
  t.match(job, { status: 'succeeded', succeeded: 1, missing: 1 })
  const all = await performBulk(engine, bulkLaunch(engine, 'items', { selection: { all: true }, set: { status: 'held' }, view, runInRequest: 'always' }))
  t.equal(all.job.succeeded, 20)
  const { rows } = await client.query("SELECT DISTINCT priority FROM item WHERE status <> 'new'")
  t.same(rows, [{ priority: 1 }])
})

t.test('a filter that matches nothing is done at once, with nothing', async (t) => {
  const { engine } = await items(t)
  const { job } = await performBulk(engine, bulkLaunch(engine, 'items', { selection: { filter: { name: 'nobody' } }, set: { status: 'done' } }))
  t.match(job, { status: 'succeeded', total: 0, error_code: null })
})

t.test('a reference that points nowhere is refused before a job is made', async (t) => {
  const { launch, traces } = await items(t)
  const before = await traces()
  await t.rejects(launch({ ids: [1] }, { set: { owner: 99 } }), {
    code: 'reference_not_found', statusCode: 422, errors: [{ path: '/set/owner' }]
  })
  t.same(await traces(), before)
})

t.test('an Idempotency-Key makes one job, whatever happens to the answer', async (t) => {
  const { launch, traces } = await items(t)
  const claim = (body: object) => idempotencyClaim({ key: 'k1', userId: '7', route: '/items/bulk-update', body })
  const first = await launch({ ids: [1] }, { idempotency: claim({ a: 1, b: [2] }) })
  const again = await launch({ ids: [1] }, { idempotency: claim({ b: [2], a: 1 }) })
  t.equal(again.job.id, first.job.id)
  t.equal(again.replayed, true)
  await t.rejects(launch({ ids: [2] }, { idempotency: claim({ a: 2 }) }), { code: 'idempotency_key_reused', statusCode: 422 })
  t.match(await traces(), { jobs: 1, keys: 1 })

  const elsewhere = idempotencyClaim({ key: 'k1', userId: '8', route: '/items/bulk-update', body: {} })
  await launch({ ids: [2] }, { idempotency: elsewhere })
  t.match(await traces(), { jobs: 2, keys: 2 })
})

t.test('the same key while its first request is in flight is refused, and a refusal is not kept', async (t) => {
  const { client, launch, traces } = await items(t)
  const idempotency = idempotencyClaim({ key: 'k', userId: null, route: '/', body: {} })
  await client.query('BEGIN')
  await client.query('SELECT pg_advisory_xact_lock($1::bigint)', [idempotency.keyHash.readBigInt64BE(0).toString()])
  await t.rejects(launch({ ids: [1] }, { idempotency }), { code: 'idempotency_in_flight', statusCode: 409 })
  await client.query('COMMIT')

  await t.rejects(launch({ all: true, expectedCount: 1 }, { idempotency }), { code: 'count_mismatch' })
  t.match(await traces(), { jobs: 0, keys: 0 })
  await launch({ ids: [1] }, { idempotency })
})

t.test('with the queue down nothing is launched, and nothing is left; small operations are done all the same', async (t) => {
  const database = await createEngineDatabase(t)
  const orm = await createOrm(t, database)
  await seedItems(orm, 30)
  const redis = await ownRedis(t)
  const { Redis } = await import('ioredis')
  const given = new Redis(redis.url)
  given.on('error', () => {})
  t.teardown(() => given.disconnect())
  const { engine } = await openEngine(t, { orm, resources: { items: { entity: Item } }, settings: { redis: given } })
  const launch = (here: 'never' | 'small') => performBulk(engine, bulkLaunch(engine, 'items', { selection: { ids: [1] }, set: { status: 'done' }, runInRequest: here }))

  await redis.kill()
  await t.rejects(launch('never'), { code: 'unavailable', statusCode: 503 })
  t.same(await engine.database.query('SELECT 1 FROM powercrud.job'), [])
  t.same(await engine.database.query('SELECT 1 FROM powercrud.chunk'), [])
  t.equal((await launch('small')).job.status, 'succeeded')

  await redis.start()
  const { job } = await until(() => launch('never').catch(() => false as const), { what: 'a launch once Redis is back' })
  t.equal(job.status, 'queued')
})
