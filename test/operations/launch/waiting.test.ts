import t from 'tap'
import { cancelJob } from '../../../src/operations/cancel-job.ts'
import { grantWaiting } from '../../../src/jobs/grant-waiting.ts'
import type { JobRow } from '../../../src/engine/job-row.ts'
import { launchBulk } from '../../../src/operations/launch/launch-bulk.ts'
import { readJob } from '../../../src/jobs/store/job-rows.ts'
import { Item } from '../../fixtures/entities.ts'
import { createOrm, seedItems } from '../../fixtures/orm.ts'
import { createEngineDatabase } from '../../helpers/engine-database.ts'
import { bulkLaunch, openEngine, work } from '../../helpers/engine.ts'
import type { TestScope } from '../../helpers/test-scope.ts'

async function items (t: TestScope) {
  const database = await createEngineDatabase(t)
  const orm = await createOrm(t, database)
  await seedItems(orm, 100)
  const { engine } = await openEngine(t, { orm, resources: { items: { entity: Item }, loose: { entity: Item, bulkAsyncConflictChecking: false } } })
  const launch = async (ids: number[], onConflict: 'fail' | 'skip' | 'wait', more = {}) =>
    (await launchBulk(engine, bulkLaunch(engine, 'items', { selection: { ids }, set: { priority: 9 }, runInRequest: 'never', onConflict, ...more }))).job
  const statusOf = async (job: JobRow) => (await readJob(engine.database, engine.tables, job.id))!.status
  const current = async (job: JobRow) => (await readJob(engine.database, engine.tables, job.id))!
  return { engine, launch, statusOf, current }
}

t.test('a resource that checks no conflicts locks nothing, and blocks no other job', async (t) => {
  const { engine, launch, current } = await items(t)
  const loose = async () => (await launchBulk(engine, bulkLaunch(engine, 'loose', { selection: { ids: [1, 2] }, set: { priority: 7 }, runInRequest: 'never' }))).job
  const held = await launch([1], 'fail')
  const [one, other] = [await loose(), await loose()]
  t.equal((await launch([2], 'fail')).status, 'queued', 'what it works on is not locked for others')
  t.equal((await engine.database.query('SELECT 1 FROM powercrud.chunk WHERE living')).length, 2)
  for (const job of [one, other, held]) {
    await work(engine, job)
    t.match(await current(job), { status: 'succeeded' })
  }
})

t.test('skip leaves the locked records out, and says so', async (t) => {
  const { engine, launch, current } = await items(t)
  const first = await launch([2, 3], 'fail')
  const second = await launch([1, 2, 3, 4, 999], 'skip')
  t.equal(second.total, 5)
  await work(engine, second)
  t.match(await current(second), { status: 'succeeded', succeeded: 2, skipped: 2, missing: 1 })
  const rows = await engine.database.query<{ id: number }>('SELECT id FROM item WHERE priority = 9 ORDER BY id')
  t.same(rows.map(({ id }) => id), [1, 4])
  await work(engine, first)
  t.match(await current(first), { status: 'succeeded', succeeded: 2 })
})

t.test('skip of a selection that is locked altogether does nothing, and every record is skipped', async (t) => {
  const { engine, launch, current } = await items(t)
  await launch([2, 3], 'fail')
  const second = await launch([3, 2], 'skip')
  await work(engine, second)
  t.match(await current(second), { status: 'succeeded', succeeded: 0, skipped: 2 })
  const [{ ord } = { ord: [] as number[] }] = await engine.database.query<{ ord: number[] }>('SELECT ord FROM powercrud.chunk WHERE selection_id = $1 AND excluded = \'locked\'', [second.id])
  t.same(ord, [1, 0], 'the places in the selection stay')
})

t.test('waiting jobs get their records in the order of their launches, and later launches wait behind them', async (t) => {
  const { engine, launch, statusOf } = await items(t)
  const first = await launch([1, 2], 'fail')
  const second = await launch([2, 3], 'wait')
  const third = await launch([3, 4], 'wait')
  const apart = await launch([5], 'wait')
  t.same([second.status, third.status, apart.status], ['waiting', 'waiting', 'queued'], 'third waits behind second, although no job holds its records')

  await t.rejects(launch([3], 'fail'), { code: 'records_locked', conflicts: [{ id: 3, jobId: second.id }] }, 'fail respects those who wait')

  await work(engine, first)
  t.same([await statusOf(second), await statusOf(third)], ['queued', 'waiting'])
  await work(engine, second)
  t.equal(await statusOf(third), 'queued')
  await work(engine, third)
  t.equal(await statusOf(third), 'succeeded')
})

t.test('one that stops waiting makes way', async (t) => {
  const { engine, launch, statusOf } = await items(t)
  const first = await launch([1], 'fail')
  const second = await launch([1, 2], 'wait')
  const third = await launch([2], 'wait')
  t.equal((await cancelJob(engine, second.id)).status, 'cancelled')
  t.equal(await statusOf(third), 'queued')
  await launch([2], 'fail').then(() => t.fail('third holds it'), (error) => t.equal(error.conflicts[0].jobId, third.id))
  await work(engine, first)
  await launch([1], 'fail')
})

t.test('however many wait, the end of a job takes no locks for those whose records are still held', async (t) => {
  const { engine, launch, statusOf } = await items(t)
  const holder = await launch([1, 2], 'fail')
  const waiting = [await launch([1, 3], 'wait'), await launch([2, 4], 'wait'), await launch([1], 'wait')]
  let locking = 0
  const database: typeof engine.database = { ...engine.database, transaction: (work) => { locking += 1; return engine.database.transaction(work) } }
  t.equal(await grantWaiting({ ...engine, database }), 0)
  t.equal(locking, 0)
  await cancelJob(engine, holder.id)
  t.same(await Promise.all(waiting.map(statusOf)), ['queued', 'queued', 'waiting'])
  t.equal(await grantWaiting({ ...engine, database }), 0)
  t.equal(locking, 0)
})

t.test('many that look at once grant each job once', async (t) => {
  const { engine, launch, statusOf } = await items(t)
  const holder = await launch([1, 2, 3], 'fail')
  const waiting: JobRow[] = []
  // One after the other: the order of their tickets is what decides.
  for (const ids of [[1], [2], [3], [1, 2]]) waiting.push(await launch(ids, 'wait'))
  await engine.database.query('UPDATE powercrud.chunk SET living = false WHERE selection_id = $1', [holder.id])
  const granted = await Promise.all(Array.from({ length: 8 }, () => grantWaiting(engine)))
  t.equal(granted.reduce((sum, count) => sum + count), 3)
  t.same((await Promise.all(waiting.map(statusOf))).sort(), ['queued', 'queued', 'queued', 'waiting'])
})
