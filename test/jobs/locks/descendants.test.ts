import t from 'tap'
import { currentJob, registerDescendantConflicts, skipNestedAsync } from '../../../plugins/index.ts'
import { launchTask } from '../../../src/operations/tasks/launch-task.ts'
import type { TaskContext } from '../../../src/engine/task.ts'
import { Account, Item, Ledger, Owner, Seat } from '../../fixtures/entities.ts'
import { work } from '../../helpers/engine.ts'
import { tasksEngine } from '../../execution/tasks/tasks-engine.ts'

t.test('in ordinary code there is no job, and nothing is registered', async (t) => {
  const { living } = await tasksEngine(t)
  t.equal(currentJob(), undefined)
  t.equal(skipNestedAsync(), false)
  await registerDescendantConflicts(Item, [1])
  t.equal(await living(), 0)
})

t.test('code below a task knows its job, with nothing passed down', async (t) => {
  const deep = async () => ({ current: currentJob(), nested: skipNestedAsync() })
  const { engine, workOff } = await tasksEngine(t, { tasks: { asks: async () => deep() } })
  const job = await launchTask(engine, 'asks', null, { user: { id: '7', label: 'ada' } })
  t.match(await workOff(job), {
    result: { nested: true, current: { id: job.id, operation: 'asks', resource: null, attempt: 1, createdBy: { id: '7', label: 'ada' } } }
  })
  t.equal(currentJob(), undefined)
})

t.test('two jobs at the same time each see their own', async (t) => {
  const both = Promise.withResolvers<void>()
  let running = 0
  const { engine, job } = await tasksEngine(t, {
    tasks: {
      asks: async () => {
        if (++running === 2) both.resolve()
        await both.promise
        return currentJob()!.id
      }
    }
  })
  const launched = [await launchTask(engine, 'asks', null), await launchTask(engine, 'asks', null)]
  await Promise.all(launched.map((one) => work(engine, one)))
  for (const { id } of launched) t.equal((await job(id)).result, id)
})

t.test('descendants are locked at once, for keys of any kind, and released with their job', async (t) => {
  const account = '0199a3a8-5b1c-7000-8000-000000000001'
  const seen: unknown[] = []
  const { engine, workOff, living, orm } = await tasksEngine(t, {
    tasks: {
      registers: async () => {
        await registerDescendantConflicts(Owner, [2, 1])
        await registerDescendantConflicts('Owner', [2, 3])
        await registerDescendantConflicts(Account, account)
        await registerDescendantConflicts(Seat, [['A', 7]])
        await registerDescendantConflicts(Ledger, [9007199254740993n])
        await registerDescendantConflicts(Item, [])
        seen.push(await orm.em.getConnection().execute('SELECT count(*)::int AS count, sum(size)::int AS size FROM powercrud.chunk WHERE living'))
      }
    }
  })
  const job = await launchTask(engine, 'registers', null, { conflicts: { Owner: [1] } })
  t.match(await workOff(job), { status: 'succeeded' })
  t.match(seen[0], [{ count: 6, size: 6 }], 'what is registered twice is locked once')
  t.equal(await living(), 0)
})

t.test('a descendant that another job holds fails whoever wants it, and none of the others is taken', async (t) => {
  const { engine, workOff, living } = await tasksEngine(t, {
    tasks: {
      nothing: async () => undefined,
      wants: async () => { await registerDescendantConflicts(Owner, [5, 6, 7]) }
    }
  })
  const holder = await launchTask(engine, 'nothing', null, { conflicts: { Owner: [6] } })
  const ended = await workOff(await launchTask(engine, 'wants', null))
  t.match(ended, { status: 'failed', error_code: 'task_failed', error_message: /Owner 6 is locked by another job/ })
  t.equal(await living(), 1)
  await workOff(holder)
  t.match(await workOff(await launchTask(engine, 'wants', null)), { status: 'succeeded' })
})

t.test('a job that lost its claim can lock nothing more', async (t) => {
  const began = Promise.withResolvers<void>()
  const goOn = Promise.withResolvers<void>()
  const refused = Promise.withResolvers<unknown>()
  const { engine, living } = await tasksEngine(t, {
    tasks: {
      late: async (_payload, _context: TaskContext) => {
        began.resolve()
        await goOn.promise
        await registerDescendantConflicts(Owner, [5]).catch(refused.resolve)
      }
    }
  })
  const job = await launchTask(engine, 'late', null)
  const working = work(engine, job)
  await began.promise
  await engine.database.query("UPDATE powercrud.job SET status = 'queued', fence = fence + 1, n = n + 1, lease = NULL WHERE id = $1", [job.id])
  goOn.resolve()
  t.match(await refused.promise, { code: 'lease_lost' })
  await working
  t.equal(await living(), 0)
})

t.test('two jobs that register each other\'s records in opposite order do not wait in a circle', async (t) => {
  const meet = Promise.withResolvers<void>()
  let running = 0
  const takes = async ([first, second]: [number, number]) => {
    await registerDescendantConflicts(Owner, [first])
    if (++running === 2) meet.resolve()
    await meet.promise
    await registerDescendantConflicts(Owner, [second])
  }
  const { engine, job, living } = await tasksEngine(t, { tasks: { takes } })
  const launched = [await launchTask(engine, 'takes', [1, 2]), await launchTask(engine, 'takes', [2, 1])]
  await Promise.all(launched.map((one) => work(engine, one)))
  const statuses = await Promise.all(launched.map(async ({ id }) => (await job(id)).status))
  t.ok(statuses.includes('failed'))
  t.equal(await living(), 0)
})
