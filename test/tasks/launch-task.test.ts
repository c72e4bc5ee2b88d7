import t from 'tap'
import { launchBulk } from '../../src/jobs/launch-bulk.ts'
import { cancelJob } from '../../src/jobs/cancel-job.ts'
import { launchTask } from '../../src/tasks/launch-task.ts'
import { cleanup, sweepLiveness } from '../../src/sweep/cleanup.ts'
import { bulkLaunch, work } from '../helpers/engine.ts'
import { tasksEngine } from './tasks-engine.ts'

const tasks = { nothing: async () => undefined }

t.test('a task locks its records against bulk jobs and other tasks, and they against it, until it ends', async (t) => {
  const { engine, workOff, living } = await tasksEngine(t, { tasks })
  const bulk = (ids: number[]) => launchBulk(engine, bulkLaunch(engine, 'items', { selection: { ids }, set: { status: 'done' }, here: 'never' }))
  const job = await launchTask(engine, 'nothing', null, { conflicts: { Item: [3, '4'], Account: ['0199a3a8-5b1c-7000-8000-000000000001'], items: [4, 5] } })
  t.equal(await living(), 2, 'one chunk for each table, whatever it was called')
  await t.rejects(bulk([5, 6]), { code: 'records_locked', conflicts: [{ id: 5, jobId: job.id, operation: 'nothing' }] })
  await t.rejects(launchTask(engine, 'nothing', null, { conflicts: { items: [1, 3, 4] } }), { code: 'records_locked', conflictCount: 2 })
  await bulk([1, 2])
  await t.rejects(launchTask(engine, 'nothing', null, { conflicts: { items: [2] } }), { code: 'records_locked', conflicts: [{ id: 2, operation: 'update' }] })
  await workOff(job)
  await launchTask(engine, 'nothing', null, { conflicts: { items: [3, 4, 5] } })
})

t.test('a task may stand in line for its records', async (t) => {
  const { engine, workOff, job, living } = await tasksEngine(t, { tasks })
  const first = await launchTask(engine, 'nothing', null, { conflicts: { items: [3] } })
  const second = await launchTask(engine, 'nothing', null, { conflicts: { items: [3], Owner: [1] }, onConflict: 'wait' })
  t.equal(second.status, 'waiting')
  await workOff(first)
  t.equal((await job(second.id)).status, 'queued')
  await workOff(second)
  t.equal(await living(), 0)
})

t.test('what cannot be locked is refused, and leaves nothing', async (t) => {
  const { engine, living } = await tasksEngine(t, { tasks })
  await t.rejects(launchTask(engine, 'nothing', null, { conflicts: { Itm: [3] } }), { code: 'invalid_options', message: /did you mean Item/ })
  await t.rejects(launchTask(engine, 'nothing', null, { conflicts: { Item: ['three'] } }), { code: 'validation_failed' })
  t.equal(await living(), 0)
  t.same(await engine.database.query('SELECT 1 FROM powercrud.job'), [])
})

t.test('tasks of a user are in line with their other jobs', async (t) => {
  const { engine, workOff, living } = await tasksEngine(t, { tasks, rules: { maxQueuedJobsPerUser: 2 } })
  const options = { user: { id: 7 }, conflicts: { Item: [3] } }
  const { job: bulk } = await launchBulk(engine, bulkLaunch(engine, 'items', { selection: { ids: [1] }, set: { status: 'done' }, here: 'never', user: { id: '7', label: 'Ada' } }))
  const launches = await Promise.allSettled(Array.from({ length: 8 }, () => launchTask(engine, 'nothing', null, { user: { id: 7 } })))
  t.equal(launches.filter(({ status }) => status === 'fulfilled').length, 1)
  await t.rejects(launchTask(engine, 'nothing', null, options), { code: 'too_many_jobs', statusCode: 429 })
  t.equal(await living(), 1, 'and its records are not locked')
  await launchTask(engine, 'nothing', null)
  await workOff(bulk)
  await launchTask(engine, 'nothing', null, options)
})

t.test('two tables in opposite order: nobody waits in a circle, and one of two always wins', async (t) => {
  const { engine, living } = await tasksEngine(t, { tasks })
  for (let round = 0; round < 30; round++) {
    const outcomes = await Promise.allSettled([
      launchTask(engine, 'nothing', null, { conflicts: { Item: [1], Owner: [1] } }),
      launchTask(engine, 'nothing', null, { conflicts: { Owner: [1], Item: [1] } })
    ])
    const won = outcomes.filter(({ status }) => status === 'fulfilled')
    const lost = outcomes.filter((outcome) => outcome.status === 'rejected')
    t.equal(won.length, 1)
    t.match(lost, [{ reason: { code: 'records_locked' } }])
    for (const outcome of outcomes) if (outcome.status === 'fulfilled') await cancelJob(engine, outcome.value.id)
  }
  t.equal(await living(), 0)
})

t.test('the same key makes one job', async (t) => {
  const { engine } = await tasksEngine(t, { tasks })
  const launch = (payload: unknown, idempotencyKey = 'k') => launchTask(engine, 'nothing', payload, { idempotencyKey, conflicts: { items: [1] } })
  const first = await launch({ a: 1 })
  t.equal((await launch({ a: 1 })).id, first.id)
  await t.rejects(launch({ a: 2 }), { code: 'idempotency_key_reused' })
  await t.rejects(launch({ a: 1 }, 'other'), { code: 'records_locked' })
})

t.test('a task that is to begin later is delayed in the queue, for the sweep too, and is not abandoned', async (t) => {
  const { engine, job } = await tasksEngine(t, { tasks })
  const launched = await launchTask(engine, 'nothing', null, { delay: 7_200 })
  const delivery = { jobId: launched.id, n: 1 }
  t.equal(await engine.queue.stateOf(delivery), 'delayed')
  t.match(await work(engine, launched), { done: false })
  await engine.database.query('DELETE FROM bullmq.job')
  t.equal(await engine.queue.stateOf(delivery), 'unknown')
  t.match(await sweepLiveness(engine), { redelivered: 1 })
  t.equal(await engine.queue.stateOf(delivery), 'delayed')
  const inTwoHours = new Date(Date.now() + 7_300_000)
  t.match(await cleanup(engine, { now: inTwoHours }), { abandoned: 0 })
  t.match(await job(launched.id), { status: 'queued' })
})

t.test('with async switched off no task can be launched', async (t) => {
  const { engine } = await tasksEngine(t, { tasks, rules: { asyncEnabled: false } })
  await t.rejects(launchTask(engine, 'nothing', null), { code: 'invalid_options', message: /asyncEnabled/ })
})
