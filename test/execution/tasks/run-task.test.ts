import { Type } from '@sinclair/typebox'
import t from 'tap'
import { problem } from '../../../src/errors.ts'
import { cancelJob } from '../../../src/operations/cancel-job.ts'
import { viewJob } from '../../../src/jobs/view/view-job.ts'
import { viewLive } from '../../../src/jobs/view/read-view.ts'
import { launchTask } from '../../../src/operations/tasks/launch-task.ts'
import { defineTask, type TaskContext, type TaskHandler } from '../../../src/engine/task.ts'
import { Item } from '../../fixtures/entities.ts'
import { createGate } from '../../helpers/gate.ts'
import { work } from '../../helpers/engine.ts'
import { until } from '../../helpers/until.ts'
import { rename, tasksEngine } from './tasks-engine.ts'

t.test('a task does its work in the transaction of its job, and what it answers is shown', async (t) => {
  const { engine, workOff, idsWhere } = await tasksEngine(t, { tasks: { rename } })
  const job = await launchTask(engine, 'rename', { ids: [3, 4], name: 'renamed' }, {
    user: { id: 7, label: 'ada' }, affected: ['three', 'four'], group: 'spring', reason: 'cleaning'
  })
  t.match(job, { kind: 'task', resource: null, operation: 'rename', status: 'queued', created_by_id: '7', group_name: 'spring', affected: ['three', 'four'] })
  const ended = await workOff(job)
  t.match(ended, { status: 'succeeded', result: { renamed: 2 }, attempts: 1, error_code: null })
  t.same(await idsWhere("name = 'renamed'"), [3, 4])
  t.match(viewJob(engine, ended, undefined), { resource: null, operation: 'rename', status: 'succeeded', result: { renamed: 2 }, progress: { percent: 100 }, reason: 'cleaning' })
})

t.test('a payload is validated at the launch, an unknown task is refused', async (t) => {
  const project = defineTask({ name: 'project', payload: Type.Object({ id: Type.Integer() }, { additionalProperties: false }), handler: async ({ id }) => id + 1 })
  const { engine, workOff } = await tasksEngine(t, { tasks: { project } })
  await t.rejects(launchTask(engine, 'project', { id: '7' }), { code: 'validation_failed', errors: [{ path: '/id' }] })
  await t.rejects(launchTask(engine, 'project', { id: 7, other: 1 }), { code: 'validation_failed' })
  await t.rejects(launchTask(engine, 'project', { id: 7, other: 'nul \0' }), { code: 'validation_failed' })
  await t.rejects(launchTask(engine, 'projct', {}), { code: 'unknown_task', message: /did you mean project/ })
  t.match(await workOff(await launchTask(engine, 'project', { id: 7 })), { status: 'succeeded', result: 8 })
  t.equal((await engine.database.query('SELECT 1 FROM powercrud.job')).length, 1)
})

t.test('a task that throws fails, is rolled back, and reveals no secrets', async (t) => {
  const breaks = (error: Error): TaskHandler => async (_payload, { em }) => {
    (await em.findOneOrFail(Item, 1)).name = 'half done'
    await em.flush()
    throw error
  }
  const { engine, workOff, idsWhere, logged, living } = await tasksEngine(t, {
    tasks: { secret: breaks(new RangeError('postgres://u:secret@h')), refused: breaks(problem('rule_refused', 'Apollo is closed')) }
  })
  const secret = await workOff(await launchTask(engine, 'secret', {}, { conflicts: { items: [1, 2] } }))
  t.match(secret, { status: 'failed', error_code: 'task_failed', error_message: 'the task failed' })
  t.match(logged, [{ details: { err: { message: /secret/ } }, message: 'a task failed' }])
  t.match(await workOff(await launchTask(engine, 'refused', {})), { error_message: 'the task failed: Apollo is closed' })
  t.same(await idsWhere("name = 'half done'"), [])
  t.equal(await living(), 0)
})

t.test('what a task logs names its job', async (t) => {
  const { engine, logged, workOff } = await tasksEngine(t, {
    tasks: { grumbles: async (_payload, { log }: TaskContext) => { log.warn({ page: 7 }, 'this page is odd') } }
  })
  const launched = await launchTask(engine, 'grumbles', null)
  t.match(await workOff(launched), { status: 'succeeded' })
  t.same(logged, [{ details: { jobId: launched.id, task: 'grumbles', page: 7 }, message: 'this page is odd' }])
})

t.test('a task is tried again, after a rest, as often as it may', async (t) => {
  let calls = 0
  const { engine, job, workOff } = await tasksEngine(t, {
    tasks: {
      third: async (_payload, { attempt }: TaskContext) => {
        calls += 1
        if (attempt < 3) throw new RangeError('not yet')
        return attempt
      },
      never: async () => { throw new RangeError('never') }
    }
  })
  const launched = await launchTask(engine, 'third', null, { attempts: 3 })
  t.same(await work(engine, launched), { done: true })
  const resting = await job(launched.id)
  t.match(resting, { status: 'queued', n: 2, failures: 1, lease: null })
  const [rest] = await engine.database.query<{ ms: number }>('SELECT extract(epoch FROM run_after - touched_at)::float8 * 1000 AS ms FROM powercrud.job')
  t.ok(rest!.ms >= 500 && rest!.ms <= 1_000, `a rest of ${rest!.ms} ms`)
  t.equal(await engine.queue.stateOf({ jobId: launched.id, n: 2 }), 'delayed')
  // Longer than it takes to look at it.
  await engine.database.query("UPDATE powercrud.job SET run_after = now() + interval '1 hour'")
  t.match(await work(engine, resting), { done: false }, 'not before its rest is over')
  t.match(await workOff(launched), { status: 'succeeded', result: 3, failures: 2, attempts: 3 })
  t.equal(calls, 3)
  t.match(await workOff(await launchTask(engine, 'never', null, { attempts: 2 })), { status: 'failed', failures: 1, attempts: 2 })
})

t.test('what a checkpoint has committed stays, and the next attempt goes on from it', async (t) => {
  const seen: unknown[] = []
  const { engine, job, idsWhere, workOff } = await tasksEngine(t, {
    tasks: {
      steps: async (_payload, { em, checkpoint, attempt }: TaskContext) => {
        seen.push(checkpoint.value)
        for (let id = (checkpoint.value as number | undefined ?? 0) + 1; id <= 6; id++) {
          const item = await em.findOneOrFail(Item, id)
          item.name = `by attempt ${attempt}`
          if (attempt === 1 && id === 4) throw new RangeError('in the middle')
          if (id % 2 === 0) await checkpoint.save(id)
        }
      }
    }
  })
  const launched = await launchTask(engine, 'steps', null, { attempts: 2 })
  await work(engine, launched)
  t.same(await idsWhere("name = 'by attempt 1'"), [1, 2])
  t.match(await job(launched.id), { status: 'queued', checkpoint: 2 })
  t.match(await workOff(launched), { status: 'succeeded' })
  t.same(await idsWhere("name = 'by attempt 1'"), [1, 2])
  t.same(await idsWhere("name = 'by attempt 2'"), [3, 4, 5, 6])
  t.same(seen, [undefined, 2])
})

t.test('checkpoints that are saved at once come one after the other; one that cannot be kept is refused, and harms nothing', async (t) => {
  const circle: { self?: object } = {}
  circle.self = circle
  const refused: unknown[] = []
  const { engine, workOff, idsWhere } = await tasksEngine(t, {
    tasks: {
      hasty: async (_payload, { em, checkpoint }: TaskContext) => {
        (await em.findOneOrFail(Item, 1)).name = 'kept'
        await Promise.all([checkpoint.save(1), checkpoint.save(2), checkpoint.save({ at: new Date(0) })])
        for (const value of [circle, 1n, 'nul \0', 'x'.repeat(1_100_000)]) await checkpoint.save(value).catch(({ code, message }) => refused.push(`${code} ${message}`))
        ;(await em.findOneOrFail(Item, 2)).name = 'kept'
        return checkpoint.value
      }
    }
  })
  t.match(await workOff(await launchTask(engine, 'hasty', null)), { status: 'succeeded', checkpoint: { at: '1970-01-01T00:00:00.000Z' }, result: { at: '1970-01-01T00:00:00.000Z' } })
  t.same(await idsWhere("name = 'kept'"), [1, 2])
  t.match(refused, [/^validation_failed the checkpoint cannot be written as JSON/, /written as JSON/, /cannot be kept/, /more than 1048576 bytes/])
})

t.test('a handler cannot end the transaction of its job, nor begin one beside it', async (t) => {
  const { engine, workOff, idsWhere } = await tasksEngine(t, {
    tasks: {
      ends: async (name: unknown, { em }: TaskContext) => {
        (await em.findOneOrFail(Item, 1)).name = 'by itself'
        await em[name as 'begin' | 'commit' | 'rollback']()
      },
      nests: async (_payload, { em }: TaskContext) => {
        await em.transactional(async (inner) => { (await inner.findOneOrFail(Item, 2)).name = 'in a savepoint' })
        await em.transactional(async (inner) => {
          (await inner.findOneOrFail(Item, 3)).name = 'in a savepoint'
          await inner.flush()
          throw new RangeError('no')
        }).catch(() => undefined)
      }
    }
  })
  for (const name of ['begin', 'commit', 'rollback']) {
    t.match(await workOff(await launchTask(engine, 'ends', name)), { status: 'failed', error_message: /is not for tasks, .* checkpoint.save\(\)/ })
  }
  t.same(await idsWhere("name = 'by itself'"), [])
  t.match(await workOff(await launchTask(engine, 'nests', null)), { status: 'succeeded' })
  t.same(await idsWhere("name = 'in a savepoint'"), [2])
})

t.test('a task that ends its own connection each time is not tried for ever', async (t) => {
  let calls = 0
  const { engine, workOff, living } = await tasksEngine(t, {
    tasks: {
      kills: async (_payload, { em }: TaskContext) => {
        calls += 1
        await em.getConnection().execute('SELECT pg_terminate_backend(pg_backend_pid())', [], 'run', em.getTransactionContext())
      }
    }
  })
  t.match(await workOff(await launchTask(engine, 'kills', null, { conflicts: { Item: [1] } })), { status: 'failed', error_code: 'task_failed', failures: 0, deaths: 0 })
  t.ok(calls >= 3 && calls <= 20, `${calls} attempts`)
  t.equal(await living(), 0)
})

t.test('the signal of a cancelled task aborts, and the task is rolled back', async (t) => {
  const { promise: began, resolve: begin } = Promise.withResolvers<void>()
  const { engine, job, idsWhere, living } = await tasksEngine(t, {
    tasks: {
      waits: async (_payload, { em, signal }: TaskContext) => {
        (await em.findOneOrFail(Item, 1)).name = 'not to be'
        await em.flush()
        begin()
        await new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
      }
    }
  })
  const launched = await launchTask(engine, 'waits', null, { conflicts: { Item: [1] } })
  const working = work(engine, launched)
  await began
  t.match(await cancelJob(engine, launched.id), { status: 'cancelling' })
  await working
  t.match(await job(launched.id), { status: 'cancelled', error_code: null })
  t.same(await idsWhere("name = 'not to be'"), [])
  t.equal(await living(), 0)
})

t.test('a task out of time fails; a handler that ignores its signal can write nothing more', async (t) => {
  const { promise: released, resolve: release } = Promise.withResolvers<void>()
  const { promise: tried, resolve: settle } = Promise.withResolvers<unknown>()
  const { engine, job, idsWhere } = await tasksEngine(t, {
    tasks: {
      unresponsive: async (_payload, { em }: TaskContext) => {
        await released
        try {
          (await em.findOneOrFail(Item, 1)).name = 'too late'
          await em.flush()
          settle('written')
        } catch (error) {
          settle(error)
        }
      }
    }
  })
  const launched = await launchTask(engine, 'unresponsive', null, { timeout: 0.1 })
  await work(engine, launched)
  t.match(await job(launched.id), { status: 'failed', error_code: 'task_failed', error_message: 'the task failed: it took longer than 0.1 seconds' })
  release()
  t.match(await tried, { message: /already rolled back/ })
  t.same(await idsWhere("name = 'too late'"), [])
})

t.test('a worker that shuts down hands a task back, with what it has saved', async (t) => {
  const { promise: began, resolve: begin } = Promise.withResolvers<void>()
  const { engine, job, workOff } = await tasksEngine(t, {
    tasks: {
      long: async (_payload, { checkpoint, signal }: TaskContext) => {
        if (checkpoint.value !== undefined) return checkpoint.value
        await checkpoint.save('half')
        begin()
        await new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
      }
    }
  })
  const launched = await launchTask(engine, 'long', null)
  const stopping = new AbortController()
  const working = work(engine, launched, stopping.signal)
  await began
  stopping.abort()
  t.same(await working, { done: false, release: true })
  t.match(await job(launched.id), { status: 'queued', n: 1, attempts: 0, failures: 0, lease: null })
  t.match(await workOff(launched), { status: 'succeeded', result: 'half' })
})

t.test('a handler that waits longer than a lease keeps its transaction', async (t) => {
  const { engine, workOff, database } = await tasksEngine(t, {
    rules: { conflictTtlMs: 5_000 },
    tasks: {
      slow: async (_payload, { em }: TaskContext) => {
        (await em.findOneOrFail(Item, 1)).name = 'slow'
        await em.flush()
        const client = await database.connect()
        await client.query('SELECT pg_sleep(6)')
      }
    }
  })
  t.match(await workOff(await launchTask(engine, 'slow', null)), { status: 'succeeded', attempts: 1 })
})

t.test('the progress that a task reports is visible while it runs', async (t) => {
  const { promise: seen, resolve: goOn } = Promise.withResolvers<void>()
  const { engine, job } = await tasksEngine(t, {
    tasks: {
      reports: async (_payload, { updateProgress }: TaskContext) => {
        const report = updateProgress as (...values: unknown[]) => void
        for (const wrong of [[Number.NaN, -1], ['many', {}, Symbol('s')], [undefined, 1e300, { no: 'text' }]]) report(...wrong)
        updateProgress(3.7, 12.2, 'sorting')
        await seen
      }
    }
  })
  const launched = await launchTask(engine, 'reports', null)
  const working = work(engine, launched)
  const view = await until(async () => {
    const now = await viewLive(engine, await job(launched.id))
    return now.progress.message === 'sorting' && now
  })
  t.match(view, { status: 'running', counts: { total: 12, processed: 3 }, progress: { percent: 25 } })
  goOn()
  await working
})

t.test('a payload of another version waits for a worker that knows it', async (t) => {
  const handler = async (payload: unknown) => payload
  const { engine, job, orm } = await tasksEngine(t, { tasks: { shaped: defineTask({ name: 'shaped', version: 2, handler }) } })
  const launched = await launchTask(engine, 'shaped', { size: 2 })
  const older = { ...engine, tasks: new Map([...engine.tasks].map(([name, task]) => [name, { ...task, version: 1 }])) }
  const newer = { ...engine, tasks: new Map([...engine.tasks].map(([name, task]) => [name, { ...task, version: 3 }])) }
  const upgrading = { ...engine, tasks: new Map([...engine.tasks].map(([name, task]) => [name, { ...task, version: 3, upgrade: (payload: unknown, from: number) => ({ payload, from }) }])) }
  t.match(await work(older, launched), { done: false, retryInMs: Number })
  t.match(await work(newer, launched), { done: false })
  t.match(await work({ ...engine, tasks: new Map() }, launched), { done: false })
  t.match(await job(launched.id), { status: 'queued', attempts: 0 })
  await work(upgrading, launched)
  t.match(await job(launched.id), { status: 'succeeded', result: { payload: { size: 2 }, from: 2 } })
  t.ok(orm)
})

t.test('a result that is too big to keep, or no JSON, does no harm', async (t) => {
  const circle: { self?: object } = {}
  circle.self = circle
  const { engine, workOff } = await tasksEngine(t, {
    tasks: {
      big: async () => 'x'.repeat(100_000),
      nothing: async () => undefined,
      count: async () => 9007199254740993n,
      circle: async () => circle,
      refusing: async () => ({ toJSON () { throw new RangeError('no') } })
    }
  })
  for (const name of ['circle', 'refusing']) {
    t.match(await workOff(await launchTask(engine, name, null)), { status: 'succeeded', result: { omitted: /cannot be written as JSON/ } })
  }
  t.match(await workOff(await launchTask(engine, 'big', null)), { status: 'succeeded', result: { omitted: /100002 bytes/ } })
  t.match(await workOff(await launchTask(engine, 'nothing', null)), { status: 'succeeded', result: null })
  t.match(await workOff(await launchTask(engine, 'count', null)), { status: 'succeeded', result: '9007199254740993' })
})

t.test('the effects of a task happen once: its worker is fenced out between the write and the COMMIT', async (t) => {
  const { engine, database, job, idsWhere, workOff } = await tasksEngine(t, {
    tasks: { once: async (_payload, { em }: TaskContext) => { await em.getConnection().execute('UPDATE item SET priority = priority + 100 WHERE id = 1', [], 'run', em.getTransactionContext()) } }
  })
  const gate = await createGate(database, { table: 'item', on: 'update' })
  await gate.close()
  const launched = await launchTask(engine, 'once', null)
  const first = work(engine, launched)
  await gate.waitUntilReached()
  await engine.database.query("UPDATE powercrud.job SET status = 'queued', n = n + 1, fence = fence + 1, lease = NULL WHERE id = $1", [launched.id])
  await gate.open()
  await first
  t.same(await idsWhere('priority > 100'), [])
  t.match(await workOff(await job(launched.id)), { status: 'succeeded' })
  t.same(await idsWhere('priority = 101'), [1])
})
