import t from 'tap'
import { defineEntity, p } from '@mikro-orm/core'
import { AsyncManager, ModelTrackingAsyncManager } from '../../../plugins/index.ts'
import type { Job } from '../../../schemas/job.ts'
import { launchBulk } from '../../../src/operations/launch/launch-bulk.ts'
import { performBulk } from '../../../src/operations/launch/perform-bulk.ts'
import { assertNoLocks, runQueuedJobs, waitForJob } from '../../../src/app/testing/index.ts'
import type { TaskContext } from '../../../src/engine/task.ts'
import { Account, entities, Item } from '../../fixtures/entities.ts'
import { createOrm, seedItems } from '../../fixtures/orm.ts'
import { ownPostgres } from '../../helpers/database.ts'
import { createEngineDatabase } from '../../helpers/engine-database.ts'
import { bulkLaunch, openEngine, work, type TestEngineOptions } from '../../helpers/engine.ts'
import type { TestScope } from '../../helpers/test-scope.ts'
import { until } from '../../helpers/until.ts'

const TaskRecord = defineEntity({
  name: 'TaskRecord',
  properties: {
    id: p.integer().primary(),
    jobId: p.uuid().unique(),
    operation: p.string(),
    state: p.string(),
    user: p.string().nullable(),
    affected: p.string().nullable(),
    payload: p.json().nullable(),
    message: p.text().nullable(),
    result: p.json().nullable(),
    completedAt: p.datetime().nullable(),
    failedAt: p.datetime().nullable(),
    cleanedUp: p.boolean().default(false),
    hiddenAt: p.datetime().nullable()
  },
  filters: { shown: { name: 'shown', cond: { hiddenAt: null }, default: true } }
})

const Followed = defineEntity({
  name: 'Followed',
  properties: {
    jobId: p.uuid().primary(),
    status: p.string(),
    processed: p.integer(),
    total: p.integer(),
    message: p.text().nullable(),
    user: () => p.manyToOne(Account).nullable(),
    cleanedUp: p.boolean()
  }
})

async function open (t: TestScope, settings: TestEngineOptions['settings'] = {}) {
  const database = await createEngineDatabase(t)
  const orm = await createOrm(t, { url: database.url, entities: [...entities, TaskRecord, Followed] })
  await seedItems(orm, 30)
  return openEngine(t, {
    orm,
    resources: { items: { entity: Item, bulkFields: ['status'] } },
    settings: { tasks: { echo: async (payload) => payload, breaks: async () => { throw new RangeError('no') } }, ...settings }
  })
}

const unknown = '0199a3a8-5b1c-7000-8000-000000000001'

t.test('launch, status and progress of a task', async (t) => {
  const { manager } = await open(t)
  const job = await manager.launch('echo', { a: 1 }, { user: { id: '7', label: 'ada' } })
  t.match(job, { operation: 'echo', status: 'queued', createdBy: { id: '7' } })
  t.equal(await manager.getStatus(job.id), 'queued')
  t.equal(await manager.isActive(job.id), true)
  t.match(await manager.activeJobs(), [{ id: job.id }])
  t.match(await runQueuedJobs(manager), [{ id: job.id, status: 'succeeded', result: { a: 1 } }])
  t.equal(await manager.isActive(job.id), false)
  t.same(await manager.activeJobs(), [])
  t.match(await manager.getProgress(job.id), { percent: 100 })
})

t.test('what is not known is not done', async (t) => {
  const { manager } = await open(t)
  for (const id of [unknown, 'no-uuid']) {
    t.equal(await manager.getStatus(id), undefined)
    t.equal(await manager.getProgress(id), undefined)
    t.equal(await manager.isActive(id), false)
    await t.rejects(manager.updateProgress(id, { done: 1, total: 2 }), { code: 'job_not_found' })
    await t.rejects(manager.cancel(id), { code: 'job_not_found' })
    await t.rejects(manager.addConflicts(id, { items: [1] }), { code: 'job_not_found' })
  }
})

t.test('what is asked for in a wrong way is told, and not taken for everything or nothing', async (t) => {
  const { manager } = await open(t)
  const { id } = await manager.launch('echo')
  const wrong = manager as unknown as Record<string, (...given: unknown[]) => Promise<unknown>>
  const refused = async (name: string, ...given: unknown[]) => t.rejects(wrong[name]!(...given), { code: 'validation_failed' }, name)
  for (const query of [null, { limit: -1 }, { limit: 'x' }, { limit: 1e9 }, { limit: 1.5 }, { operatio: 'echo' }, { operation: 'nul \0' }, { createdBy: 7 }]) await refused('activeJobs', query)
  for (const told of [undefined, null, {}, { done: 'x', total: 1 }, { done: Number.NaN, total: 1 }, { done: 1, total: 3e9 }, { done: 1, total: 2, message: {} }]) await refused('updateProgress', id, told)
  for (const conflicts of [undefined, null, 7, [], { Item: 7 }, { Item: null }, { Item: ['x'] }, { Item: [99_999_999_999] }]) {
    await refused('checkConflicts', conflicts)
    await refused('addConflicts', id, conflicts)
    await refused('removeConflicts', id, conflicts)
  }
  for (const keys of [undefined, 7, new Set([1])]) await refused('whoHolds', Item, keys)
  for (const name of [undefined, {}, 7]) await t.rejects(wrong.launch!(name), { code: 'unknown_task' })
  t.equal((await manager.activeJobs({ limit: 1 })).length, 1)
})

t.test('progress told from outside is heard while the job lives, and no longer', async (t) => {
  const { promise: goOn, resolve: release } = Promise.withResolvers<void>()
  const { promise: began, resolve: begin } = Promise.withResolvers<void>()
  const { manager, engine } = await open(t, { tasks: { waits: async () => { begin(); await goOn } } })
  const launched = await manager.launch('waits')
  const working = work(engine, { id: launched.id, n: 1 })
  await began
  await manager.updateProgress(launched.id, { done: 3, total: 4, message: 'nearly' })
  t.match(await manager.getProgress(launched.id), { processed: 3, total: 4, percent: 75, message: 'nearly' })
  release()
  await working
  await manager.updateProgress(launched.id, { done: 1, total: 4, message: 'too late' })
  t.match(await manager.getProgress(launched.id), { percent: 100, message: 'waits' })
})

t.test('locks are added to a living job, all or none, and given back', async (t) => {
  const { manager, engine } = await open(t)
  const [one, other] = [await manager.launch('echo'), await manager.launch('echo')]
  await manager.addConflicts(one.id, { items: [1, 2, 3], Owner: [1] })
  t.match(await manager.checkConflicts({ items: [2, 9], Owner: [1, 2] }), [{ entity: 'items', id: 2, jobId: one.id }, { entity: 'Owner', id: 1 }])
  await t.rejects(manager.addConflicts(other.id, { items: [3, 4] }), { code: 'records_locked', conflicts: [{ id: 3, jobId: one.id }] })
  t.same(await manager.checkConflicts({ items: [4] }), [], 'none of them was taken')

  t.equal(await manager.removeConflicts(other.id, { items: [1, 2, 3] }), 0, 'those of another job stay')
  t.equal(await manager.removeConflicts(one.id, { items: [2] }), 1)
  t.equal(await manager.removeConflicts(one.id, { items: [2] }), 0, 'twice does no harm')
  t.match(await manager.checkConflicts({ items: [1, 2, 3] }), [{ id: 1 }, { id: 3 }])
  await t.rejects(assertNoLocks(manager), { message: /2 of public.item by job .*1 of public.owner/ })

  await runQueuedJobs(manager)
  await assertNoLocks(manager)
  await t.rejects(manager.addConflicts(one.id, { items: [1] }), { code: 'wrong_state' })
  t.ok(engine)
})

t.test('what a bulk job works on cannot be taken from it', async (t) => {
  const { manager, engine } = await open(t)
  const { job } = await launchBulk(engine, bulkLaunch(engine, 'items', { selection: { ids: [1, 2] }, set: { status: 'done' }, runInRequest: 'never' }))
  await manager.addConflicts(job.id, { items: [2, 7] })
  t.equal(await manager.removeConflicts(job.id, { items: [1, 2, 7] }), 1)
  t.match(await manager.checkConflicts({ items: [1, 2, 7] }), [{ id: 1 }, { id: 2 }])
  await work(engine, job)
  t.match(await engine.database.query('SELECT total, succeeded FROM powercrud.job'), [{ total: 2, succeeded: 2 }])
})

t.test('racing to add in opposite order over two tables: no deadlock, and nobody holds half', async (t) => {
  const { manager } = await open(t)
  for (let round = 0; round < 15; round++) {
    const [one, other] = [await manager.launch('echo'), await manager.launch('echo')]
    const outcomes = await Promise.allSettled([
      manager.addConflicts(one.id, { items: [1], Owner: [1] }),
      manager.addConflicts(other.id, { Owner: [1], items: [1] })
    ])
    t.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1)
    t.match(outcomes.filter(({ status }) => status === 'rejected'), [{ reason: { code: 'records_locked' } }])
    const held = await manager.checkConflicts({ items: [1], Owner: [1] })
    t.equal(new Set(held.map(({ jobId }) => jobId)).size, 1)
    await manager.cancel(one.id)
    await manager.cancel(other.id)
  }
  await assertNoLocks(manager)
})

t.test('the application\'s manager is taken, and what is none is refused', async (t) => {
  class Own extends AsyncManager { motto = 'mine' }
  t.match((await open(t, { manager: Own })).manager, { motto: 'mine' })
  await t.rejects(open(t, { manager: class Foreign {} }), { code: 'invalid_options', message: /Foreign does not extend AsyncManager/ })
})

t.test('cleanup tells what it did', async (t) => {
  const { manager, engine } = await open(t)
  await manager.launch('echo')
  await runQueuedJobs(manager)
  await engine.database.query("UPDATE powercrud.job SET finished_at = now() - interval '2 days'")
  t.match(await manager.cleanupCompletedTasks(), { jobsRemoved: 1, requeued: 0, unreachable: [] })
})

t.test('a cleanup takes what has ended long ago, and leaves jobs that live their rows and their locks', async (t) => {
  const { manager, engine } = await open(t)
  const old = await manager.launch('echo')
  await runQueuedJobs(manager)
  await engine.database.query("UPDATE powercrud.job SET finished_at = now() - interval '2 days'")
  const recent = await manager.launch('echo')
  await runQueuedJobs(manager)
  const queued = await manager.launch('echo', 1, { conflicts: { Item: [1, 2] } })
  const waiting = await manager.launch('echo', 2, { conflicts: { Item: [2, 3] }, onConflict: 'wait' })
  const { job: bulk } = await launchBulk(engine, bulkLaunch(engine, 'items', { selection: { ids: [9] }, set: { status: 'done' }, runInRequest: 'never' }))
  await engine.database.query("UPDATE powercrud.job SET created_at = now() - interval '3 days'")
  t.match(await manager.cleanupCompletedTasks(), { jobsRemoved: 1 })
  t.match(await manager.cleanupCompletedTasks(), { jobsRemoved: 0 }, 'again it does nothing')
  t.same(await Promise.all([old, recent, queued, waiting, bulk].map(({ id }) => manager.getStatus(id))), [undefined, 'succeeded', 'queued', 'waiting', 'queued'])
  t.match(await manager.checkConflicts({ items: [1, 2, 9] }), [{ id: 1, jobId: queued.id }, { id: 2, jobId: queued.id }, { id: 9, jobId: bulk.id }])
})

t.test('a record of a job follows its progress, and keeps who launched it as a reference', async (t) => {
  const { promise: goOn, resolve: release } = Promise.withResolvers<void>()
  class Following extends ModelTrackingAsyncManager {
    override readonly recordEntity = Followed
    override formatUser (user: Job['createdBy']) { return user?.id ?? null }
  }
  const { manager, engine } = await open(t, {
    manager: Following,
    tasks: { tells: async (_payload, { updateProgress }: TaskContext) => { updateProgress(3, 4, 'nearly'); await goOn } }
  })
  await engine.database.query("INSERT INTO account (id, name) VALUES ($1, 'ada')", [unknown])
  const { id } = await manager.launch('tells', null, { user: { id: unknown, label: 'ada' } })
  const working = work(engine, { id, n: 1 })
  const record = () => engine.orm.em.fork().findOne(Followed, { jobId: id }, { populate: ['user'] })
  t.match(await until(async () => {
    const now = await record()
    return now?.status === 'running' && now
  }), { processed: 3, total: 4, message: 'nearly', user: { name: 'ada' }, cleanedUp: false })
  release()
  await working
  await engine.lifecycle.deliver()
  t.match(await record(), { status: 'succeeded', user: { name: 'ada' }, cleanedUp: true })
})

t.test('each part of the system is checked, and says what to do', async (t) => {
  const { manager, engine, queueBackend } = await open(t)
  const { handleDelivery } = await import('../../../src/execution/worker/handle-delivery.ts')
  const consumer = await queueBackend.createConsumer({ concurrency: 1, onError () {}, handle: (delivery) => handleDelivery(engine, delivery, { signal: new AbortController().signal }) })
  t.teardown(() => consumer.close(5_000))
  await consumer.ready()
  // One that tells that it lives is given more time.
  await engine.database.query("INSERT INTO powercrud.worker (id, host, pid, concurrency, seen_at) VALUES ('pretended', 'nowhere', 1, 1, now() + interval '1 hour')")
  t.match(await manager.validateAsyncSystem(), { ok: true, parts: ['database', 'migrations', 'liveStore', 'queue', 'worker', 'agreement'].map((part) => ({ part, ok: true })) })
  await consumer.close(5_000)
  await engine.database.query('DELETE FROM powercrud.worker')
  await engine.database.query("DELETE FROM powercrud.migration WHERE name = '0002-tasks'")
  const report = await manager.validateAsyncSystem()
  t.equal(report.ok, false)
  t.match(report.parts.filter(({ ok }) => !ok), [
    { part: 'migrations', reason: /0002-tasks/, fix: /migrate: true/ },
    { part: 'worker', reason: /no worker took a probe/, fix: /powercrud-async worker/ }
  ])
})

t.test('jobs are kept in an entity of the application', async (t) => {
  const cleaned: string[] = []
  class Tracking extends ModelTrackingAsyncManager {
    override readonly recordEntity = TaskRecord
    override readonly fieldMap = { status: 'state' }
    override formatUser (user: Job['createdBy']) { return user === null ? 'nobody' : `${user.label} (${user.id})` }
    override formatPayload (payload: unknown) { return { kept: payload } }
    override formatAffected (affected: readonly string[] | null) { return affected?.join(' and ') ?? null }
    override async cleanupDashboardData (job: Job) { cleaned.push(job.id) }
  }
  const { manager, engine } = await open(t, { manager: Tracking })
  const done = await manager.launch('echo', { a: 1 }, { user: { id: '7', label: 'ada' }, affected: ['Apollo', 'Gemini'] })
  const broken = await manager.launch('breaks')
  await engine.lifecycle.deliver()
  const records = () => engine.orm.em.fork().find(TaskRecord, {}, { orderBy: { id: 'asc' } })
  t.match(await records(), [{ jobId: done.id, state: 'queued', user: 'ada (7)', affected: 'Apollo and Gemini', payload: { kept: { a: 1 } }, cleanedUp: false }, { jobId: broken.id, user: 'nobody' }])
  await runQueuedJobs(manager)
  t.match(await records(), [
    { state: 'succeeded', result: { a: 1 }, completedAt: Date, failedAt: null, cleanedUp: true },
    { state: 'failed', message: 'the task failed', completedAt: null, failedAt: Date, cleanedUp: true }
  ])
  t.same(cleaned, [done.id, broken.id])

  await engine.database.query(`INSERT INTO powercrud.outbox (id, job_id, event, payload)
    SELECT gen_random_uuid(), $1, 'create', jsonb_build_object('job', $2::jsonb, 'payload', '{}'::jsonb)`, [done.id, JSON.stringify(done)])
  await engine.lifecycle.deliver()
  t.match(await records(), [{ state: 'succeeded', cleanedUp: true }, {}], 'an event that comes late brings nothing back')

  const { job: bulk } = await performBulk(engine, bulkLaunch(engine, 'items', { selection: { ids: [1, 2, 3] }, set: { status: 'done' } }))
  await engine.lifecycle.deliver()
  t.match((await records()).find(({ jobId }) => jobId === bulk.id), { operation: 'update', affected: '3 items', payload: { kept: { status: 'done' } } })
  await engine.orm.em.fork().nativeDelete(TaskRecord, { jobId: bulk.id })

  const hidden = await manager.launch('echo')
  await engine.lifecycle.deliver()
  await engine.database.query('UPDATE task_record SET hidden_at = now() WHERE job_id = $1', [hidden.id])
  await runQueuedJobs(manager)
  t.equal((await records()).length, 2)
  t.match(await engine.database.query('SELECT state, cleaned_up FROM task_record WHERE job_id = $1', [hidden.id]), [{ state: 'succeeded', cleaned_up: true }],
    'a filter of the application hides a record from people, and not from us')
})

t.test('a tracking manager that cannot keep what it should is refused at the start', async (t) => {
  const tracking = (recordEntity: object, fieldMap: object) => class Tracking extends ModelTrackingAsyncManager {
    override readonly recordEntity = recordEntity as typeof TaskRecord
    override readonly fieldMap = fieldMap
  }
  await t.rejects(open(t, { manager: tracking(class Unknown {}, {}) }), { code: 'invalid_options', message: /manager: Tracking.recordEntity is no entity/ })
  await t.rejects(open(t, { manager: tracking(TaskRecord, { statu: 'state' }) }), { code: 'invalid_options', message: /unknown field; did you mean status\?/ })
  await t.rejects(open(t, { manager: tracking(TaskRecord, { status: 'stat' }) }), { code: 'invalid_options', message: /fieldMap.status: stat: unknown property; did you mean state\?|did you mean state\?/ })
  await t.rejects(open(t, { manager: tracking(TaskRecord, { jobId: null }) }), { code: 'invalid_options', message: /needs a property for jobId/ })
})

t.test('what cannot be reached is told part by part, with what to do', async (t) => {
  const postgres = await ownPostgres(t)
  const orm = await createOrm(t, { url: postgres.url, entities })
  const { manager } = await openEngine(t, { orm, resources: { items: { entity: Item } }, settings: { tasks: {} } })
  await postgres.stop()
  const report = await manager.validateAsyncSystem()
  t.equal(report.ok, false)
  t.match(report.parts.map(({ part, ok }) => `${part} ${ok}`), ['database false', 'migrations false', 'liveStore false', 'queue false', 'worker false', 'agreement false'])
  for (const { part, reason, fix } of report.parts) {
    t.ok(reason && fix, `${part}: ${reason}; ${fix}`)
    t.notMatch(reason, /nothing was changed/, 'that is for clients, and does not say why')
  }
  t.match(await manager.validateQueue(), { part: 'queue', ok: false })
  await postgres.start()
})

t.test('what is to begin later can be left alone', async (t) => {
  const { manager } = await open(t)
  const later = await manager.launch('echo', 1, { delay: 3_600 })
  const now = await manager.launch('echo', 2)
  t.match(await runQueuedJobs(manager, { delayed: false }), [{ id: now.id, status: 'succeeded' }])
  t.equal(await manager.getStatus(later.id), 'queued')
  t.match(await runQueuedJobs(manager), [{ id: later.id, status: 'succeeded' }])
})

t.test('waiting for a job is waiting for its signal', async (t) => {
  const { promise: goOn, resolve: release } = Promise.withResolvers<void>()
  const { manager, engine } = await open(t, { tasks: { waits: async (_payload, { jobId }: TaskContext) => { await goOn; return jobId } } })
  const job = await manager.launch('waits')
  const working = work(engine, { id: job.id, n: 1 })
  t.match(await waitForJob(manager, job.id, { status: 'running', timeoutMs: 60_000 }), { status: 'running' })
  release()
  t.match(await waitForJob(manager, job.id, { timeoutMs: 60_000 }), { status: 'succeeded', result: job.id })
  await working
  await t.rejects(waitForJob(manager, job.id, { status: 'running', timeoutMs: 60_000 }), { message: /and never will/ })
  await t.rejects(waitForJob(manager, unknown), { code: 'job_not_found' })
})
