import t from 'tap'
import { AsyncManager, type LifecycleEvent, type LifecyclePayload } from '../../../plugins/index.ts'
import type { Job } from '../../../schemas/job.ts'
import { cancelJob } from '../../../src/operations/cancel-job.ts'
import { launchBulk } from '../../../src/operations/launch/launch-bulk.ts'
import { performBulk } from '../../../src/operations/launch/perform-bulk.ts'
import { claim } from '../../../src/execution/run/claim.ts'
import { recoverJobs } from '../../../src/operations/cleanup/cleanup.ts'
import { launchTask } from '../../../src/operations/tasks/launch-task.ts'
import type { TaskContext, TaskHandler } from '../../../src/engine/task.ts'
import { Item } from '../../fixtures/entities.ts'
import { createOrm, seedItems } from '../../fixtures/orm.ts'
import { createEngineDatabase } from '../../helpers/engine-database.ts'
import { bulkLaunch, openEngine, work } from '../../helpers/engine.ts'
import type { TestScope } from '../../helpers/test-scope.ts'
import { until } from '../../helpers/until.ts'

interface Heard {
  event: LifecycleEvent
  job: Job
  payload: LifecyclePayload
}

/** Managers that keep what they hear; `fail` makes them throw instead. */
interface OpenOptions {
  fail?: (heard: Heard, by: string) => boolean
  telling?: TaskHandler
}

async function open (t: TestScope, { fail = () => false, telling = async () => undefined }: OpenOptions = {}) {
  const heard: (Heard & { by: string })[] = []
  const progress: typeof heard = []
  const listening = (by: string) => class extends AsyncManager {
    override async asyncTaskLifecycle (event: LifecycleEvent, job: Job, payload: LifecyclePayload): Promise<void> {
      const list = event === 'progress' ? progress : heard
      list.push({ by, event, job, payload })
      if (fail({ event, job, payload }, by)) throw new RangeError('the listener is broken')
    }
  }
  const database = await createEngineDatabase(t)
  const orm = await createOrm(t, database)
  await seedItems(orm, 30)
  const open = async () => openEngine(t, {
    orm,
    resources: { items: { entity: Item, bulkFields: ['status'] }, own: { entity: Item, bulkFields: ['status'], manager: listening('own') } as object as { entity: typeof Item } },
    settings: {
      manager: listening('main'),
      tasks: {
        nothing: async () => 'done',
        telling,
        breaks: async () => { throw new RangeError('no') },
        tells: async (_payload, { updateProgress }: TaskContext) => { updateProgress(1, 2, 'half') }
      }
    }
  })
  const opened = await open()
  const { engine } = opened
  return {
    ...opened,
    open,
    /** All but progress, which is told when there is time for it. */
    heard,
    progress,
    /** The events of a job, once its last one was heard. */
    async eventsOf (id: string): Promise<LifecycleEvent[]> {
      await until(() => heard.some(({ event, job }) => event === 'cleanup' && job.id === id), { what: `the cleanup of ${id}` })
      return heard.filter(({ job }) => job.id === id).map(({ event }) => event)
    },
    bulk: async (resource = 'items', ids = [1, 2]) =>
      (await launchBulk(engine, bulkLaunch(engine, resource, { selection: { ids }, set: { status: 'done' }, runInRequest: 'never' }))).job,
    launchTelling: () => launchTask(engine, 'telling', null),
    outbox: () => engine.database.query<{ event: LifecycleEvent, id: string }>('SELECT event, id FROM powercrud.outbox ORDER BY seq')
  }
}

t.test('each job tells its events in order, and cleanup last', async (t) => {
  const { engine, bulk, eventsOf, heard, outbox } = await open(t)
  const job = await bulk()
  await work(engine, job)
  t.same(await eventsOf(job.id), ['create', 'complete', 'cleanup'])
  t.match(heard.map(({ job }) => job.status), ['queued', 'succeeded', 'succeeded'])
  t.match(heard[0]!.payload, { delivery: 1, set: { status: 'done' }, payload: null, affected: ['2 items'] })
  t.equal(new Set(heard.map(({ payload }) => payload.eventId)).size, 3)
  await until(async () => (await outbox()).length === 0)

  const task = await launchTask(engine, 'nothing', { a: 1 }, { group: 'g', affected: ['x'] })
  await work(engine, task)
  t.same(await eventsOf(task.id), ['create', 'complete', 'cleanup'])
  t.match(heard.at(-1), { job: { result: 'done' }, payload: { payload: { a: 1 }, group: 'g', affected: ['x'] } })
})

t.test('a job done in the request, a failed one and a cancelled one', async (t) => {
  const { engine, bulk, eventsOf } = await open(t)
  const { job: here } = await performBulk(engine, bulkLaunch(engine, 'items', { selection: { ids: [1] }, set: { status: 'held' } }))
  t.same(await eventsOf(here.id), ['create', 'complete', 'cleanup'])
  const broken = await launchTask(engine, 'breaks', null)
  await work(engine, broken)
  t.same(await eventsOf(broken.id), ['create', 'fail', 'cleanup'])
  const cancelled = await bulk()
  await cancelJob(engine, cancelled.id)
  t.same(await eventsOf(cancelled.id), ['create', 'cancel', 'cleanup'])
})

t.test('a job whose workers died tells its end like any other', async (t) => {
  const { engine, bulk, eventsOf } = await open(t)
  const job = await bulk()
  await claim(engine, { jobId: job.id, n: 1 })
  await engine.database.query("UPDATE powercrud.job SET deaths = 2, lease = now() - interval '1 s' WHERE id = $1", [job.id])
  t.match(await recoverJobs(engine), { poisoned: 1 })
  t.same(await eventsOf(job.id), ['create', 'fail', 'cleanup'])
})

t.test('a resource may have a manager of its own, and then no other hears of its jobs', async (t) => {
  const { engine, bulk, eventsOf, heard } = await open(t)
  const job = await bulk('own')
  await work(engine, job)
  await eventsOf(job.id)
  t.same([...new Set(heard.map(({ by }) => by))], ['own'])
})

t.test('an event whose delivery fails is told again, with the same id, and holds back those after it', async (t) => {
  const { engine, bulk, heard, eventsOf, logged } = await open(t, { fail: ({ event, payload }) => event === 'complete' && payload.delivery === 1 })
  const job = await bulk()
  await work(engine, job)
  t.match((await engine.database.query('SELECT status FROM powercrud.job'))[0], { status: 'succeeded' }, 'the job is not harmed')
  t.same(await eventsOf(job.id), ['create', 'complete', 'complete', 'cleanup'])
  const [first, second] = heard.filter(({ event }) => event === 'complete')
  t.equal(first!.payload.eventId, second!.payload.eventId)
  t.match(logged, [{ message: /lifecycle handler failed/ }])
})

t.test('a handler that goes on failing is asked less and less often', async (t) => {
  const { engine, bulk } = await open(t, { fail: () => true })
  const { database } = engine
  // What is written when a delivery has failed, however long it takes until somebody looks. A claim counts the attempt.
  await database.query('CREATE TABLE rest (attempts int, seconds float8)')
  await database.query(`
    CREATE FUNCTION record_rest() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      INSERT INTO public.rest VALUES (new.attempts, extract(epoch FROM new.due_at - now()));
      RETURN NULL;
    END $$`)
  await database.query(`
    CREATE TRIGGER record_rest AFTER UPDATE ON powercrud.outbox FOR EACH ROW
    WHEN (new.attempts = old.attempts AND new.due_at > now()) EXECUTE FUNCTION record_rest()`)
  await bulk()
  const rests = await until(async () => {
    await database.query('UPDATE powercrud.outbox SET due_at = now()')
    await engine.lifecycle.deliver()
    const rows = await database.query<{ attempts: number, seconds: number }>('SELECT attempts, seconds FROM rest ORDER BY attempts')
    return rows.length >= 4 && rows
  })
  t.same(rests.slice(0, 4), [1, 2, 4, 8].map((seconds, index) => ({ attempts: index + 1, seconds })))
})

t.test('a process that dies between the commit and the delivery: another one tells, with the same id', async (t) => {
  const { engine, bulk, heard, outbox, eventsOf } = await open(t)
  const job = await bulk()
  await until(async () => heard.length === 1)
  // Nor is it still at it, or crossing it out.
  await engine.lifecycle.deliver()
  // Whoever ends it hears nothing any more: the job ends in a process that is gone by the next line.
  const dead = { ...engine, lifecycle: { ...engine.lifecycle, wake () {}, progress () {} } }
  await work(dead, job)
  const kept = await outbox()
  t.same(kept.map(({ event }) => event), ['complete', 'cleanup'])
  await recoverJobs(engine)
  t.same(await eventsOf(job.id), ['create', 'complete', 'cleanup'])
  t.same(heard.slice(1).map(({ payload }) => payload.eventId), kept.map(({ id }) => id))
})

t.test('a process that dies in the middle of a delivery: the event is told again, later ones wait', async (t) => {
  const { engine, bulk, heard, eventsOf } = await open(t)
  const job = await bulk()
  await until(async () => heard.length === 1)
  // Nor is it still at it, or crossing it out.
  await engine.lifecycle.deliver()
  const dead = { ...engine, lifecycle: { ...engine.lifecycle, wake () {}, progress () {} } }
  await work(dead, job)
  await engine.database.query("UPDATE powercrud.outbox SET attempts = 1, due_at = now() + interval '1 hour' WHERE event = 'complete'")
  await engine.lifecycle.deliver()
  t.equal(heard.length, 1, 'nothing overtakes it')
  await engine.database.query('UPDATE powercrud.outbox SET due_at = now()')
  await recoverJobs(engine)
  t.same(await eventsOf(job.id), ['create', 'complete', 'cleanup'])
  t.equal(heard[1]!.payload.delivery, 2)
})

t.test('several processes deliver at once: each event once, in order', async (t) => {
  const { engine, open: another, bulk, heard } = await open(t)
  const other = (await another()).engine
  const jobs = []
  for (let id = 1; id <= 8; id++) jobs.push(await bulk('items', [id]))
  await Promise.all(jobs.map((job, index) => work(index % 2 === 0 ? engine : other, job)))
  await Promise.all([engine.lifecycle.deliver(), other.lifecycle.deliver()])
  await until(() => heard.length === 24)
  for (const { id } of jobs) {
    t.same(heard.filter(({ job }) => job.id === id).map(({ event }) => event), ['create', 'complete', 'cleanup'])
  }
})

t.test('progress is told, with the job as it was then, and never after the end', async (t) => {
  const { engine, progress, eventsOf, outbox } = await open(t)
  const job = await launchTask(engine, 'tells', null)
  await work(engine, job)
  await eventsOf(job.id)
  await until(async () => (await outbox()).length === 0)
  t.ok(progress.length <= 1)
  for (const { job } of progress) t.match(job, { status: 'running', counts: { processed: 1, total: 2 }, progress: { message: 'half' } })
})

t.test('where nobody listens nothing is recorded; a listener is enough', async (t) => {
  const database = await createEngineDatabase(t)
  const orm = await createOrm(t, database)
  await seedItems(orm, 5)
  const { engine, manager } = await openEngine(t, { orm, resources: { items: { entity: Item, bulkFields: ['status'] } } })
  const perform = (status: string) => performBulk(engine, bulkLaunch(engine, 'items', { selection: { ids: [1] }, set: { status } }))
  await perform('done')
  t.same(await engine.database.query('SELECT 1 FROM powercrud.outbox'), [])
  const { promise, resolve } = Promise.withResolvers<Job>()
  manager.onComplete((job) => resolve(job))
  const { job } = await perform('held')
  t.equal((await promise).id, job.id)
})

t.test('progress that is told from outside of the handler is an event, too', async (t) => {
  const { promise: goOn, resolve: release } = Promise.withResolvers<void>()
  const { promise: began, resolve: begin } = Promise.withResolvers<void>()
  const { engine, manager, progress, eventsOf, launchTelling } = await open(t, { telling: async () => { begin(); await goOn } })
  const { id, n } = await launchTelling()
  const working = work(engine, { id, n })
  await began
  await manager.updateProgress(id, { done: 3, total: 4, message: 'nearly' })
  await until(() => progress.length > 0)
  t.match(progress, [{ job: { id, status: 'running', counts: { processed: 3, total: 4 }, progress: { message: 'nearly' } } }])
  release()
  await working
  t.same(await eventsOf(id), ['create', 'complete', 'cleanup'])
})

t.test('hooks of the options hear the jobs of every manager; a process in which nobody listens takes no event from them', async (t) => {
  const { engine, outbox } = await open(t)
  const told: string[] = []
  const hooks = { onComplete: ({ id }: Job) => { told.push(id) }, onFail: () => { told.push('failed') } }
  const { orm } = engine
  const openHooked = async (settings: object) => (await openEngine(t, {
    orm, resources: { items: { entity: Item, bulkFields: ['status'] }, own: { entity: Item, bulkFields: ['status'], manager: AsyncManager } as object as { entity: typeof Item } }, settings
  })).engine
  const hooked = await openHooked({ hooks })
  const deaf = await openHooked({})
  // Another process ends the jobs, and nothing in it hears of them.
  const launched = [await launchTask({ ...hooked, tasks: engine.tasks }, 'nothing', null)]
  for (const [index, resource] of ['items', 'own'].entries()) {
    launched.push((await launchBulk(hooked, bulkLaunch(hooked, resource, { selection: { ids: [index + 1] }, set: { status: 'done' }, runInRequest: 'never' }))).job)
  }
  const ending = { ...hooked, tasks: engine.tasks, lifecycle: { ...hooked.lifecycle, wake () {}, progress () {} } }
  for (const job of launched) await work(ending, job)
  await deaf.lifecycle.deliver()
  t.ok((await outbox()).length >= 6)
  await hooked.lifecycle.deliver()
  t.same(told.sort(), launched.map(({ id }) => id).sort())
  t.same(await outbox(), [])
})

t.test('progress is heard while the job runs, and told about once a second', async (t) => {
  const { promise: heardOf, resolve: goOn } = Promise.withResolvers<void>()
  const { engine, progress, eventsOf, launchTelling } = await open(t, {
    fail: ({ event }) => { if (event === 'progress') goOn(); return false },
    telling: async (_payload, { updateProgress }) => {
      updateProgress(1, 4, 'a quarter')
      await heardOf
      for (let count = 0; count < 500; count++) updateProgress(2, 4, 'half')
    }
  })
  const startedMs = performance.now()
  const job = await launchTelling()
  await work(engine, job)
  t.same(await eventsOf(job.id), ['create', 'complete', 'cleanup'])
  const ofJob = progress.filter(({ job: { id } }) => id === job.id)
  t.match(ofJob[0], { job: { status: 'running', counts: { processed: 1, total: 4 }, progress: { message: 'a quarter', percent: 25 } } })
  t.ok(ofJob.length >= 1 && ofJob.length <= 2 + (performance.now() - startedMs) / 1_000, `${ofJob.length} of 501`)
})
