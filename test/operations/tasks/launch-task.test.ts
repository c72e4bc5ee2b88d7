import { Type } from '@sinclair/typebox'
import t from 'tap'
import { registerDescendantConflicts } from '../../../plugins/index.ts'
import { launchBulk } from '../../../src/operations/launch/launch-bulk.ts'
import { cancelJob } from '../../../src/operations/cancel-job.ts'
import { launchRetry } from '../../../src/operations/launch/launch-again.ts'
import { launchTask, type TaskLaunchOptions } from '../../../src/operations/tasks/launch-task.ts'
import { defineTask, type TaskContext } from '../../../src/engine/task.ts'
import { cleanup, recoverJobs } from '../../../src/operations/cleanup/cleanup.ts'
import { Item } from '../../fixtures/entities.ts'
import { bulkLaunch, work } from '../../helpers/engine.ts'
import { tasksEngine } from '../../execution/tasks/tasks-engine.ts'

const tasks = { nothing: async () => undefined }

t.test('a task locks its records against bulk jobs and other tasks, and they against it, until it ends', async (t) => {
  const { engine, workOff, living } = await tasksEngine(t, { tasks })
  const bulk = (ids: number[]) => launchBulk(engine, bulkLaunch(engine, 'items', { selection: { ids }, set: { status: 'done' }, runInRequest: 'never' }))
  const job = await launchTask(engine, 'nothing', null, { conflicts: { Item: [3, '4'], Account: ['0199a3a8-5b1c-7000-8000-000000000001'], items: [4, 5] } })
  t.equal(await living(), 2, 'one chunk for each table, whatever it was called')
  await t.rejects(bulk([5, 6]), { code: 'records_locked', conflicts: [{ id: 5, jobId: job.id, operation: 'nothing' }] })
  await t.rejects(launchTask(engine, 'nothing', null, { conflicts: { items: [1, 3, 4] } }), { code: 'records_locked', conflictCount: 2 })
  await bulk([1, 2])
  await t.rejects(launchTask(engine, 'nothing', null, { conflicts: { items: [2] } }), { code: 'records_locked', conflicts: [{ id: 2, operation: 'update' }] })
  await workOff(job)
  await launchTask(engine, 'nothing', null, { conflicts: { items: [3, 4, 5] } })
})

t.test('a task may wait for its records', async (t) => {
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

t.test('tasks of a user count towards the same limit as their other jobs', async (t) => {
  const { engine, workOff, living } = await tasksEngine(t, { tasks, rules: { maxQueuedJobsPerUser: 2 } })
  const options = { user: { id: 7 }, conflicts: { Item: [3] } }
  const { job: bulk } = await launchBulk(engine, bulkLaunch(engine, 'items', { selection: { ids: [1] }, set: { status: 'done' }, runInRequest: 'never', user: { id: '7', label: 'Ada' } }))
  const launches = await Promise.allSettled(Array.from({ length: 8 }, () => launchTask(engine, 'nothing', null, { user: { id: 7 } })))
  t.equal(launches.filter(({ status }) => status === 'fulfilled').length, 1)
  await t.rejects(launchTask(engine, 'nothing', null, options), { code: 'too_many_jobs', statusCode: 429 })
  t.equal(await living(), 1, 'and its records are not locked')
  await launchTask(engine, 'nothing', null)
  await workOff(bulk)
  await launchTask(engine, 'nothing', null, options)
})

t.test('two tables in opposite order: no deadlock, and one of two always wins', async (t) => {
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
  t.match(await recoverJobs(engine), { redelivered: 1 })
  t.equal(await engine.queue.stateOf(delivery), 'delayed')
  const inTwoHours = new Date(Date.now() + 7_300_000)
  t.match(await cleanup(engine, { now: inTwoHours }), { abandoned: 0 })
  t.match(await job(launched.id), { status: 'queued' })
})

t.test('with async switched off no task can be launched', async (t) => {
  const { engine } = await tasksEngine(t, { tasks, rules: { asyncEnabled: false } })
  await t.rejects(launchTask(engine, 'nothing', null), { code: 'invalid_options', message: /asyncEnabled/ })
})

t.test('invalid options of a launch are rejected, and nothing is launched', async (t) => {
  const { engine } = await tasksEngine(t, { tasks })
  const wrong: [object, RegExp][] = [
    [{ conflict: { items: [1] } }, /conflict .*did you mean conflicts/],
    [{ attempts: 0 }, /attempts /],
    [{ delay: -1 }, /delay /],
    [{ timeout: Number.NaN }, /timeout /],
    [{ timeout: 1e9 }, /timeout /],
    [{ user: {} }, /user\.id is missing/],
    [{ user: { id: 'nul \0' } }, /user\.id must not contain the character NUL/],
    [{ user: { id: 'x'.repeat(300) } }, /user\.id /],
    [{ user: { id: 7, label: {} } }, /user\.label /],
    [{ conflicts: { Seat: [{ row: 'A', number: 'seven' }] } }, /is no key of Seat: its part number is of another type/],
    [{ group: 'nul \0' }, /group /],
    [{ affected: 'Apollo' }, /affected /],
    [{ onConflict: 'skip' }, /onConflict /]
  ]
  for (const [options, message] of wrong) await t.rejects(launchTask(engine, 'nothing', null, options as TaskLaunchOptions), { code: 'validation_failed', message }, String(message))
  t.same(await engine.database.query('SELECT 1 FROM powercrud.job'), [])
})

t.test('a payload that cannot be stored is rejected, and so is an invalid name', async (t) => {
  const { engine } = await tasksEngine(t, { tasks })
  const circle: { self?: object } = {}
  circle.self = circle
  const nested = Array.from({ length: 20_000 }).reduce<unknown>((inside) => [inside], 1)
  const wrong: [unknown, RegExp][] = [
    [circle, /payload of nothing cannot be written as JSON/], [{ count: 1n }, /written as JSON/], [() => 1, /written as JSON/], [Symbol('s'), /written as JSON/],
    [{ toJSON () { throw new RangeError('no') } }, /written as JSON/], [nested, /written as JSON|nesting/], ['x'.repeat(1_100_000), /more than 1048576 bytes/],
    ['nul \0', /cannot be kept/], [{ '\0': 1 }, /cannot be kept/], ['\ud800', /cannot be kept/]
  ]
  for (const [payload, message] of wrong) await t.rejects(launchTask(engine, 'nothing', payload), { code: 'validation_failed', message }, String(message))
  for (const name of [undefined, null, 7, ['nothing'], '', '__proto__']) await t.rejects(launchTask(engine, name as string, null), { code: 'unknown_task' })
  t.same(await engine.database.query('SELECT 1 FROM powercrud.job'), [])
  t.match(await launchTask(engine, 'nothing', { at: new Date(0), left: undefined }), { spec: { payload: { at: '1970-01-01T00:00:00.000Z' } } })
})

const user = { id: '8', label: 'grace' }

t.test('a task that failed is retried as a new job, which goes on from what was saved', async (t) => {
  let broken = true
  const { engine, orm, workOff, idsWhere, living } = await tasksEngine(t, {
    tasks: {
      adds: async (upTo: unknown, { em, checkpoint }: TaskContext) => {
        for (let id = (checkpoint.value as number | undefined ?? 0) + 1; id <= (upTo as number); id++) {
          if (broken && id === 3) throw new RangeError('in the middle')
          await registerDescendantConflicts('Owner', [id])
          const item = await em.findOneOrFail(Item, id)
          item.priority = (item.priority ?? 0) + 100
          await checkpoint.save(id)
        }
        return 'all'
      }
    }
  })
  const again = { user, view: { em: orm.em.fork(), scope: undefined } }
  const launched = await launchTask(engine, 'adds', 4, { conflicts: { Item: [1, 2, 3, 4], Account: ['0199a3a8-5b1c-7000-8000-000000000001'] }, group: 'g', affected: ['a'], attempts: 2, timeout: 60, reason: 'why' })
  await t.rejects(launchRetry(engine, launched, again), { code: 'wrong_state', message: /once it has ended/ })
  const failed = await workOff(launched)
  t.match(failed, { status: 'failed', checkpoint: 2 })

  broken = false
  const holder = await launchTask(engine, 'adds', 0, { conflicts: { Item: [4] } })
  await t.rejects(launchRetry(engine, failed, again), { code: 'records_locked', conflicts: [{ id: 4, jobId: holder.id }] })
  await workOff(holder)
  const racing = await Promise.allSettled([launchRetry(engine, failed, again), launchRetry(engine, failed, again)])
  const [retry] = racing.flatMap((outcome) => outcome.status === 'fulfilled' ? [outcome.value] : [])
  t.match(racing.filter(({ status }) => status === 'rejected'), [{ reason: { code: 'wrong_state', jobId: retry!.id, message: /retry that job/ } }])
  t.match(retry, {
    status: 'queued', retry_of: launched.id, created_by_id: '8', group_name: 'g', affected: ['a'], attempts_max: 2, timeout_ms: 60_000, reason: 'why', failures: 0
  })
  t.equal(await living(), 2, 'what the task had locked on the way is not locked before it asks')
  await t.rejects(launchTask(engine, 'adds', 0, { conflicts: { Item: [1] } }), { code: 'records_locked' })
  const done = await workOff(retry!)
  t.match(done, { status: 'succeeded', result: 'all' })
  t.same(await idsWhere('priority BETWEEN 100 AND 199'), [1, 2, 3, 4], 'nothing twice')
  t.equal(await living(), 0)
  await t.rejects(launchRetry(engine, done, again), { code: 'wrong_state', message: /nothing to retry/ })
})

t.test('a task that was cancelled is retried; one that is not known here, or whose payload does not fit any more, is not', async (t) => {
  const { engine, orm, job, workOff } = await tasksEngine(t, { tasks })
  const again = { user: null, view: { em: orm.em.fork(), scope: undefined } }
  const first = await launchTask(engine, 'nothing', { id: 7 }, { conflicts: { items: [1] } })
  const { id } = await launchTask(engine, 'nothing', { id: 8 }, { conflicts: { items: [1] }, onConflict: 'wait' })
  await cancelJob(engine, id)
  const cancelled = await job(id)
  const knowing = (version: number) => ({
    ...engine, tasks: new Map([...engine.tasks].map(([name, task]) => [name, { ...task, version }]))
  })
  await t.rejects(launchRetry({ ...engine, tasks: new Map() }, cancelled, again), { code: 'wrong_state', message: /task nothing is not known/ })
  await t.rejects(launchRetry(knowing(2), cancelled, again), { code: 'wrong_state', message: /version 1 of the payload/ })
  const strict = (await tasksEngine(t, { tasks: { nothing: defineTask({ name: 'nothing', payload: Type.Object({ ref: Type.Integer() }), handler: async () => undefined }) } })).engine.tasks
  await t.rejects(launchRetry({ ...engine, tasks: strict }, cancelled, again), { code: 'wrong_state', message: /payload of nothing is not valid: .*ref/ })
  await engine.database.query('DELETE FROM powercrud.job WHERE id = $1', [id])
  await t.rejects(launchRetry(engine, cancelled, again), { code: 'job_not_found' })

  const other = await launchTask(engine, 'nothing', { id: 9 }, { conflicts: { items: [1] }, onConflict: 'wait' })
  await cancelJob(engine, other.id)
  const retry = await launchRetry(engine, await job(other.id), again)
  t.equal(retry.status, 'waiting', 'it waits for its records like the first')
  await workOff(first)
  t.match(await workOff(await job(retry.id)), { status: 'succeeded', spec: { payload: { id: 9 } } })
})
