import { randomUUID } from 'node:crypto'
import t from 'tap'
import { createPool, type DatabasePool } from '../../../src/database/pool.ts'
import { migrate } from '../../../src/migrations/migrate.ts'
import type { Sql } from '../../../src/database/sql.ts'
import { tablesIn } from '../../../src/database/tables.ts'
import { createRedisQueueBackend } from '../../../src/queue/bullmq-backends.ts'
import type { JobQueue } from '../../../src/queue/job-queue.ts'
import { removeDeadWorkers } from '../../../src/jobs/store/purge.ts'
import { countLivingWorkers } from '../../../src/jobs/store/workers.ts'
import { startWorker, type WorkerSettings } from '../../../src/execution/worker/worker.ts'
import { createOrm } from '../../fixtures/orm.ts'
import { awakeDuring } from '../../helpers/awake.ts'
import { createDatabase } from '../../helpers/database.ts'
import { createRedis } from '../../helpers/redis.ts'
import type { TestScope } from '../../helpers/test-scope.ts'
import { until } from '../../helpers/until.ts'
import { setConnectable } from '../../queue/connectable.ts'

const tables = tablesIn('powercrud')
const livingMs = 30_000

interface Place {
  url: string
  sql: DatabasePool
  queue: JobQueue
  settings: WorkerSettings
  errors: Error[]
}

/** A database with its tables and a queue, and what a worker there needs. */
async function createPlace (t: TestScope): Promise<Place> {
  const { url } = await createDatabase(t)
  await migrate({ connectionString: url }, { tables, queue: 'redis' })
  const sql = createPool(await createOrm(t, { url }), { applicationName: 'worker test', max: 2, onError: () => undefined })
  t.teardown(() => sql.close())
  const { client, prefix } = await createRedis(t)
  const errors: Error[] = []
  const onError = (error: Error) => { errors.push(error) }
  const backend = createRedisQueueBackend({ redis: client, prefix, queueName: 'jobs', onError })
  const queue = await backend.createQueue()
  t.teardown(() => queue.close())
  const settings: WorkerSettings = {
    id: `worker ${randomUUID()}`,
    backend,
    concurrency: 3,
    capabilities: { resources: { cities: 'as agreed' }, tasks: {} },
    registry: { sql, tables, deadAfterMs: 20_000 },
    handle: async () => ({ done: true }),
    onError
  }
  return { url, sql, queue, settings, errors }
}

t.test('a worker is in the table while it lives', async (t) => {
  const { sql, settings, errors } = await createPlace(t)
  const living = () => countLivingWorkers(sql, tables, livingMs)
  const worker = await startWorker(settings)
  t.teardown(() => worker.stop(0))
  await worker.ready()
  await until(async () => await living() === 1)
  const [entry] = await sql.query(`SELECT * FROM ${tables.worker}`)
  t.match(entry, { id: settings.id, host: /./, pid: process.pid, concurrency: 3, abilities: { resources: { cities: 'as agreed' } }, started_at: Date, seen_at: Date })

  // Its registration may be renewed at any time, but not while its row is locked here.
  const livingAfter = (harm: (held: Sql) => Promise<unknown>) => sql.transaction(async (held) => {
    await harm(held)
    return countLivingWorkers(held, tables, livingMs)
  })
  t.equal(await livingAfter((held) => held.query(`UPDATE ${tables.worker} SET seen_at = now() - interval '1 minute'`)), 0, 'one that is silent does not count')
  await until(async () => await living() === 1, { what: 'the worker to renew its registration' })
  t.equal(await livingAfter((held) => removeDeadWorkers(held, tables, { before: new Date(Date.now() + 60_000) })), 0)
  await until(async () => await living() === 1, { what: 'a living worker that was taken for dead' })

  await worker.stop(5_000)
  t.same(await sql.query(`SELECT id FROM ${tables.worker} WHERE stopped_at IS NULL`), [])
  t.same(errors, [])
})

t.test('stopping asks running jobs to end, and waits for them', async (t) => {
  const { queue, settings, errors, sql } = await createPlace(t)
  const { promise: started, resolve: tellStarted } = Promise.withResolvers<void>()
  let handled = 0
  const worker = await startWorker({
    ...settings,
    async handle (_delivery, { signal }) {
      handled++
      tellStarted()
      await until(() => signal.aborted)
      // What a job does when it is asked to end: it is put back, and that takes a moment.
      await sql.query('SELECT pg_sleep(0.2)')
      return { done: false, release: true }
    }
  })
  const delivery = { jobId: randomUUID(), n: 1 }
  await queue.add(delivery)
  await started
  await Promise.all([worker.stop(30_000), worker.stop(30_000)])
  t.equal(await queue.stateOf(delivery), 'waiting')
  t.equal(handled, 1, 'and it is not taken again')
  t.same(errors, [])
})

t.test('stopping does not wait for ever', async (t) => {
  const { queue, settings, sql } = await createPlace(t)
  const { promise: started, resolve: tellStarted } = Promise.withResolvers<void>()
  const { promise: end, resolve: tellEnd } = Promise.withResolvers<void>()
  const worker = await startWorker({
    ...settings,
    async handle () {
      tellStarted()
      await end
      return { done: true }
    }
  })
  await queue.add({ jobId: randomUUID(), n: 1 })
  await started
  const since = performance.now()
  await worker.stop(300)
  t.ok(performance.now() - since < 10_000)
  t.same(await sql.query(`SELECT id FROM ${tables.worker} WHERE stopped_at IS NULL`), [])
  tellEnd()
})

t.test('a worker survives an outage of its table, and reports it once', async (t) => {
  const { url, sql, settings, errors } = await createPlace(t)
  await setConnectable(url, false)
  const worker = await startWorker(settings)
  t.teardown(() => worker.stop(0))
  await worker.ready()
  await until(() => errors.length > 0)
  await setConnectable(url, true)
  // What looks here has lost its connections as well.
  await until(async () => await countLivingWorkers(sql, tables, livingMs).catch(() => 0) === 1)
  t.equal(errors.length, 1)

  await setConnectable(url, false)
  t.ok(await awakeDuring(() => worker.stop(1_000)) < 8_000, 'and it can be stopped in one')
  await setConnectable(url, true)
})
