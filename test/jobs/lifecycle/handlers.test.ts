import { AsyncLocalStorage } from 'node:async_hooks'
import t from 'tap'
import { AsyncManager, currentJob, skipNestedAsync, type LifecycleEvent } from '../../../plugins/index.ts'
import type { Job } from '../../../schemas/job.ts'
import type { EngineRules } from '../../../src/engine/engine.ts'
import { performBulk } from '../../../src/operations/launch/perform-bulk.ts'
import { cleanup, recoverJobs } from '../../../src/operations/cleanup/cleanup.ts'
import { launchTask } from '../../../src/operations/tasks/launch-task.ts'
import type { TaskContext } from '../../../src/engine/task.ts'
import { Item } from '../../fixtures/entities.ts'
import { createOrm, seedItems } from '../../fixtures/orm.ts'
import { createEngineDatabase } from '../../helpers/engine-database.ts'
import { bulkLaunch, openEngine, work } from '../../helpers/engine.ts'
import { createGate } from '../../helpers/gate.ts'
import type { TestScope } from '../../helpers/test-scope.ts'
import { until } from '../../helpers/until.ts'

async function open (t: TestScope, handle: (event: LifecycleEvent, job: Job) => unknown, rules: Partial<EngineRules> = {}) {
  const database = await createEngineDatabase(t)
  const orm = await createOrm(t, database)
  await seedItems(orm, 5)
  const opened = await openEngine(t, {
    orm,
    rules,
    resources: { items: { entity: Item, bulkFields: ['status'] } },
    settings: {
      tasks: { echo: async (payload) => payload, tells: async (_payload, { updateProgress }: TaskContext) => { updateProgress(1, 2, 'half') } },
      manager: class extends AsyncManager {
        override async asyncTaskLifecycle (event: LifecycleEvent, job: Job): Promise<void> { await handle(event, job) }
      }
    }
  })
  return { ...opened, database }
}

t.test('a handler that never settles keeps nobody from being told, and no sweep from its work', async (t) => {
  const { promise: released, resolve: release } = Promise.withResolvers<void>()
  const heard: string[] = []
  const hung: string[] = []
  const { engine, manager } = await open(t, async (event, { result, id, operation }) => {
    if (operation === 'echo' && hung.length === 0) {
      hung.push(id)
      await released
    }
    heard.push(`${id === hung[0] ? 'hung' : 'other'} ${event} ${result === null ? '' : JSON.stringify(result)}`.trim())
  }, { conflictTtlMs: 6_000 })
  // A worker lives, else a sweep that comes late would take a job for abandoned.
  await engine.database.query("INSERT INTO powercrud.worker (id, host, pid, concurrency, seen_at) VALUES ('pretended', 'nowhere', 1, 1, now() + interval '1 hour')")
  const first = await launchTask(engine, 'echo', 'first')
  await until(() => hung.length > 0)
  await work(engine, first)
  const second = await launchTask(engine, 'echo', 'second')
  await work(engine, second)
  // Its delivery is lost: only a sweep brings it back.
  const third = await launchTask(engine, 'echo', 'third')
  await engine.database.query('DELETE FROM bullmq.job')
  t.match(await recoverJobs(engine), { redelivered: 1 })
  t.match(await cleanup(engine), { redelivered: 0 })
  t.match(await manager.cleanupCompletedTasks(), { redelivered: 0 })
  await work(engine, third)
  await until(() => heard.filter((event) => event.startsWith('other')).length === 6)
  t.same(heard.filter((event) => event.startsWith('hung')), [], 'what comes after it in its own job waits for it')
  release()
  await engine.lifecycle.deliver()
  t.same(heard.slice(6), ['hung create', 'hung complete "first"', 'hung cleanup "first"'])
})

t.test('a handler is part of no job and of no request, whoever had the event told', async (t) => {
  const request = new AsyncLocalStorage<string>()
  const heard: [what: string, ...unknown[]][] = []
  const { engine } = await open(t, (event, { operation }) => { heard.push([`${operation} ${event}`, currentJob(), skipNestedAsync(), request.getStore()]) })
  await request.run('a request', async () => {
    await performBulk(engine, bulkLaunch(engine, 'items', { selection: { ids: [1] }, set: { status: 'done' } }))
    await work(engine, await launchTask(engine, 'echo', null))
    await engine.lifecycle.deliver()
  })
  await until(() => heard.length >= 6)
  t.same(heard.filter(([what]) => !what.endsWith('progress')), ['update', 'echo'].flatMap((operation) =>
    ['create', 'complete', 'cleanup'].map((event) => [`${operation} ${event}`, undefined, false, undefined])))
})

t.test('progress that is on its way when its job ends is told before the end, or not at all', async (t) => {
  const heard: LifecycleEvent[] = []
  const { engine, database } = await open(t, (event) => { heard.push(event) })
  const gate = await createGate(database, { table: 'powercrud.outbox', on: 'insert', row: "new.event = 'progress'" })
  await gate.close()
  // Progress that is not being written yet when the job ends is dropped: then the next job is tried.
  const { working } = await until(async () => {
    const working = work(engine, await launchTask(engine, 'tells', null))
    const isCaught = await Promise.race([gate.waitUntilReached({ deadlineMs: 10_000 }).then(() => true, () => false), working.then(() => false)])
    return isCaught && { working }
  }, { what: 'a job that ends while its progress is written' })
  heard.length = 0
  // The job ends while its progress is being written, or waits for that.
  await until(async () => heard.includes('cleanup') || (await engine.pulse.query(
    "SELECT 1 FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE NOT granted AND locktype IN ('transactionid', 'tuple') AND datname = current_database()")).length > 0)
  await gate.open()
  await working
  await until(() => heard.includes('cleanup'))
  await until(async () => (await engine.database.query('SELECT 1 FROM powercrud.outbox')).length === 0)
  t.equal(heard.at(-1), 'cleanup', heard.join(', '))
})
