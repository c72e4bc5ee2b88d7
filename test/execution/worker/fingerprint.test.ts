import { fail } from 'node:assert/strict'
import t from 'tap'
import { checkHealth } from '../../../src/operations/check-health.ts'
import { launchBulk } from '../../../src/operations/launch/launch-bulk.ts'
import { viewLive } from '../../../src/jobs/view/read-view.ts'
import { readJob } from '../../../src/jobs/store/job-rows.ts'
import { differences } from '../../../src/entities/fingerprint.ts'
import { recoverJobs } from '../../../src/operations/cleanup/cleanup.ts'
import { launchTask } from '../../../src/operations/tasks/launch-task.ts'
import { defineTask } from '../../../src/engine/task.ts'
import { capabilitiesOf, blockedReasonFor, type Capabilities } from '../../../src/engine/capabilities.ts'
import { isCapable, registerWorker } from '../../../src/jobs/store/workers.ts'
import { Item } from '../../fixtures/entities.ts'
import { createOrm, seedItems } from '../../fixtures/orm.ts'
import { createEngineDatabase } from '../../helpers/engine-database.ts'
import { bulkLaunch, openEngine, work, type TestResource } from '../../helpers/engine.ts'
import { until } from '../../helpers/until.ts'
import type { TestScope } from '../../helpers/test-scope.ts'

async function openServer (t: TestScope) {
  const database = await createEngineDatabase(t)
  const orm = await createOrm(t, database)
  await seedItems(orm, 5)
  const open = (rules: Partial<TestResource>, name = 'items') => openEngine(t, { orm, resources: { [name]: { entity: Item, bulkFields: ['status'], ...rules } } })
  const server = await open({})
  const { engine } = server
  return {
    ...server,
    open,
    launch: async ({ ids } = { ids: [1] }) => (await launchBulk(engine, bulkLaunch(engine, 'items', { selection: { ids }, set: { status: 'done' }, runInRequest: 'never' }))).job,
    view: async ({ id }: { id: string }) => viewLive(engine, (await readJob(engine.database, engine.tables, id))!),
    living: (id: string, capabilities: Capabilities) => registerWorker(engine.database, engine.tables, { id, host: 'elsewhere', pid: 7, concurrency: 1, capabilities })
  }
}

t.test('a job waits for a worker that means the same by its resource, and says what the others differ in', async (t) => {
  const { engine, open, launch, view, living } = await openServer(t)
  const job = await launch()
  t.equal((await view(job)).progress.message, 'updating: 0/1')
  const others: [Awaited<ReturnType<typeof open>>, RegExp][] = [
    [await open({ bulkFields: ['status', 'notes'] }), /waits for a worker with the same config.*options of the resource items are others: bulkFields, columns$/],
    [await open({ undo: true, bulkFullClean: false }), /items are others: bulkFullClean, undo$/],
    [await open({}, 'things'), /the resource items is not known/]
  ]
  for (const [{ engine: other, logged }, message] of others) {
    t.match(await work(other, job), { done: false, retryInMs: Number })
    t.match(await work(other, job), { done: false })
    t.match(await view(job), { status: 'queued', attempts: 0, progress: { message } })
    t.equal(logged.length, 1, 'and in the log, once')
    t.match(logged, [{ details: { jobId: job.id, resource: 'items' }, message: /same config/ }])
  }
  const same = await open({ bulkMinAsyncRecords: 3 })
  await living('capable', capabilitiesOf(same.engine))
  const { engine: unable } = await open({ bulkFields: ['notes'] })
  for (let at = 0; at < 5; at += 1) t.match(await work(unable, job), { done: false, release: true, hold: Function }, 'a capable worker that is alive and idle gets it at once')
  t.same(await work(same.engine, job), { done: true })
  t.match(await view(job), { status: 'succeeded', progress: { message: 'updating: 1/1' } })
  t.match(await readJob(engine.database, engine.tables, job.id), { hindrance: null })
})

t.test('a worker that cannot do a job holds back until a capable one has claimed it, and delays it where that one is busy', async (t) => {
  const { engine, open, launch, living } = await openServer(t)
  await living('capable', capabilitiesOf(engine))
  const { engine: unable } = await open({ bulkFields: ['notes'] })
  const closing = new AbortController()
  const release = async (job: { id: string, n: number }) => {
    const outcome = await work(unable, job)
    return 'release' in outcome ? outcome.hold! : fail('it was not released')
  }
  const job = await launch()
  const hold = await release(job)
  t.same(await work(engine, job), { done: true })
  await hold(closing.signal)
  const [other, third] = [await launch(), await launch({ ids: [2] })]
  const holdOther = await release(other)
  t.pass('after a handover that succeeded the capable worker is not taken for busy')

  await holdOther(closing.signal)
  const [delayed, next] = await Promise.all([work(unable, other), work(unable, third)])
  t.ok('retryInMs' in delayed && delayed.retryInMs <= 250, 'no worker claimed it')
  t.match(next, { retryInMs: Number }, 'and another job is delayed without a handover')
  await until(async () => 'release' in await work(unable, other), { what: 'the next handover', intervalMs: 50 })
  const lastHold = await release(other)
  closing.abort()
  await lastHold(closing.signal)
})

t.test('the plain values of what a persistence class is constructed with are compared, and nothing else of it', async (t) => {
  class Own { writeChunk () {} }
  const { open } = await openServer(t)
  const others = async (one: object | undefined, other: object | undefined) => {
    const [first, second] = await Promise.all([one, other].map(async (persistenceConfig) =>
      (await open({ persistence: Own, ...(persistenceConfig !== undefined && { persistenceConfig }) })).engine.resources.get('items')!.fingerprint))
    return differences(first!, second!)
  }
  const circle: { around?: object, size: bigint } = { size: 9007199254740993n }
  circle.around = circle
  const differing: [object | undefined, object | undefined][] = [
    [{ mode: 'soft' }, { mode: 'hard' }], [{ mode: 'soft' }, undefined], [{ list: [1, { a: 2 }] }, { list: [1, { a: 3 }] }],
    [{ limit: 1n }, { limit: 2n }], [circle, { ...circle, size: 1n }]
  ]
  for (const [one, other] of differing) t.same(await others(one, other), ['persistenceConfig'])
  const agreeing: [object, object][] = [
    [{ a: 1, b: { c: [2] } }, { b: { c: [2] }, a: 1 }], [{ url: () => 'one' }, { url: () => 'other' }], [{ at: new URL('http://one') }, { at: new URL('http://other') }],
    [circle, circle]
  ]
  for (const [one, other] of agreeing) t.same(await others(one, other), [])
})

t.test('where only workers live that differ, a job is abandoned in time, says why, and its records are free', async (t) => {
  const { engine, open, launch, view, living } = await openServer(t)
  const other = (await open({ undo: true })).engine
  const inTwoHours = { now: new Date(Date.now() + 7_200_000) }
  const setSeen = async (id: string, seen: string) => engine.database.query('UPDATE powercrud.worker SET seen_at = now() + $2::interval WHERE id = $1', [id, seen])
  const job = await launch()
  await work(other, job)
  t.match(await checkHealth(engine), { status: 'ok', workers: { living: 0, jobsWithout: 1 } })

  await living('agrees', capabilitiesOf(engine))
  await living('differs', capabilitiesOf(other))
  t.match(await checkHealth(engine), { workers: { living: 2, jobsWithout: 0 } })
  await setSeen('agrees', '2 hours')
  t.match(await recoverJobs(engine, inTwoHours), { abandoned: 0 })
  await setSeen('agrees', '-1 minutes')
  await setSeen('differs', '2 hours')
  t.match(await checkHealth(engine), { workers: { living: 1, jobsWithout: 1 } })
  t.match(await recoverJobs(engine, inTwoHours), { abandoned: 1 })
  t.match(await view(job), { status: 'failed', error: { code: 'abandoned', message: /no worker took the job up; one left it: .*items.*undo/ } })
  await launch()
})

t.test('a task that no living worker knows is reported, and abandoned alike', async (t) => {
  const { engine, view } = await openServer(t)
  const knowing = { ...engine, tasks: new Map([['sums', { name: 'sums', version: 3, upgrade: undefined, handler: async () => 1, check () {} }]]) }
  const job = await launchTask(knowing, 'sums', null)
  t.match(await work(engine, job), { done: false })
  t.match(await view(job), { progress: { message: /the task sums is not known there/ } })
  t.match(await recoverJobs(engine, { now: new Date(Date.now() + 7_200_000) }), { abandoned: 1 })
})

t.test('the database judges who can do what as the workers do', async (t) => {
  const { engine, launch } = await openServer(t)
  const handler = async () => undefined
  const tasks = new Map([['sums', { ...defineTask({ name: 'sums', version: 3, handler }), version: 3, upgrade: undefined, check () {} }]])
  const jobs = [await launch(), await launchTask({ ...engine, tasks }, 'sums', null)]
  const own = capabilitiesOf(engine).resources
  const candidates: Capabilities[] = [
    { resources: own, tasks: {} },
    { resources: { things: own.items! }, tasks: { sums: { version: 3, upgrades: false } } },
    { resources: { items: `${own.items} more=1` }, tasks: { sums: { version: 2, upgrades: true } } },
    { resources: own, tasks: { sums: { version: 4, upgrades: true } } },
    { resources: {}, tasks: { sums: { version: 4, upgrades: false } } }
  ]
  const seen = new Set<boolean>()
  for (const capabilities of candidates) {
    for (const { id } of jobs) {
      const [row] = await engine.database.query<{ kind: 'bulk' | 'task', resource: string | null, operation: string, fingerprint: string, version: number | null, able: boolean | null }>(`
        SELECT kind, resource, operation, fingerprint, (spec ->> 'version')::int AS version, ${isCapable({ worker: 'worker', job: 'job' })} AS able
        FROM powercrud.job, (SELECT $2::jsonb AS abilities) AS worker WHERE id = $1`, [id, JSON.stringify(capabilities)])
      t.equal(row!.able ?? false, blockedReasonFor(capabilities, row!) === undefined, `${row!.operation} by ${JSON.stringify(capabilities)}`)
      seen.add(row!.able ?? false)
    }
  }
  t.equal(seen.size, 2)
})

t.test('the order in which fields are listed is no difference', async (t) => {
  const { open } = await openServer(t)
  const [one, other] = [await open({ bulkFields: ['status', 'notes'] }), await open({ bulkFields: ['notes', 'status'] })]
  t.same(differences(one.engine.resources.get('items')!.fingerprint, other.engine.resources.get('items')!.fingerprint), [])
})
