import { defineEntity, p } from '@mikro-orm/core'
import t from 'tap'
import { assertUnlocked, currentJob, registerDescendantConflicts, skipNestedAsync, type CurrentJob, type Persistence, type PersistenceChunk, type TaskContext } from '../../../plugins/index.ts'
import { launchBulk } from '../../../src/operations/launch/launch-bulk.ts'
import { openBulk } from '../../helpers/bulk.ts'
import { launchTask } from '../../../src/operations/tasks/launch-task.ts'
import { bulkLaunch, work } from '../../helpers/engine.ts'
import type { TestScope } from '../../helpers/test-scope.ts'

const seen: (CurrentJob | undefined)[] = []

const Line = defineEntity({ name: 'Line', properties: { id: p.integer().primary(), note: p.string().nullable() } })
const Order = defineEntity({
  name: 'Order',
  tableName: 'orders',
  properties: { id: p.integer().primary(), status: p.string() },
  hooks: {
    beforeUpdate: [async ({ entity }: { entity: { id: number } }) => {
      seen.push(skipNestedAsync() ? currentJob() : undefined)
      await registerDescendantConflicts(Line, [entity.id * 10, entity.id * 10 + 1])
      await assertUnlocked(Order, entity.id)
    }]
  }
})

/** The same table, without a hook. */
const Bare = defineEntity({ name: 'Bare', tableName: 'bare', properties: { id: p.integer().primary(), status: p.string() } })

async function own (id: number): Promise<void> {
  seen.push(skipNestedAsync() ? currentJob() : undefined)
  await registerDescendantConflicts(Line, [id * 10])
}

class Own implements Persistence {
  async writeChunk ({ em, keys, set }: PersistenceChunk) {
    for (const key of keys as number[]) await own(key)
    await em.nativeUpdate(Bare, { id: { $in: keys as number[] } }, { status: set.status as string })
  }
}

/** Orders 1 … 9; order n has the lines 10n and 10n + 1, which its hook locks. */
async function open (t: TestScope) {
  const bulk = await openBulk(t, {
    entities: [Line, Order, Bare],
    resources: {
      orders: { entity: Order, bulkFields: ['status'] },
      ruled: { entity: Bare, bulkFields: ['status'], validate: async ({ id }: { id: number }) => { await own(id) } },
      persisted: { entity: Bare, bulkFields: ['status'], persistence: Own },
      lines: { entity: Line, bulkFields: ['note'] }
    },
    settings: {
      tasks: {
        flushes: async (_payload, { em }: TaskContext) => {
          for (const order of await em.find(Order, { id: { $lte: 2 } })) order.status = 'closed'
          await em.flush()
        }
      }
    },
    seed: async (client) => {
      await client.query(`
        INSERT INTO orders (id, status) SELECT n, 'open' FROM generate_series(1, 9) n;
        INSERT INTO bare (id, status) SELECT n, 'open' FROM generate_series(1, 9) n;
        INSERT INTO line (id) SELECT n FROM generate_series(10, 99) n`)
    }
  })
  seen.length = 0
  return {
    ...bulk,
    holdLine: (id: number) => launchBulk(bulk.engine, bulkLaunch(bulk.engine, 'lines', { selection: { ids: [id] }, set: { note: 'x' }, runInRequest: 'never' })),
    close: (onError: 'rollback' | 'continue') => bulk.perform('orders', { selection: { all: true }, set: { status: 'closed' }, onError })
  }
}

t.test('hooks of a bulk job know their job', async (t) => {
  const { close, rows } = await open(t)
  const job = await close('rollback')
  t.match(job, { status: 'succeeded', succeeded: 9 })
  t.same([...new Set(seen.map((current) => `${current?.id} ${current?.resource} ${current?.operation}`))], [`${job.id} orders update`])
  t.same(await rows('SELECT 1 FROM powercrud.chunk WHERE living'), [])
})

t.test('a descendant that another job holds fails the running row, and no other', async (t) => {
  const { close, holdLine, unwritten, rows } = await open(t)
  await holdLine(31)
  const job = await close('continue')
  t.match(job, { status: 'completed_with_errors', succeeded: 8, failed: 1 })
  t.match(await unwritten(job), [{ key: '3', outcome: 'failed', code: 'locked' }])
  t.same(await rows("SELECT id FROM orders WHERE status = 'open'"), [{ id: 3 }])
  t.equal((await rows('SELECT 1 FROM powercrud.chunk WHERE living')).length, 1)
})

for (const resource of ['ruled', 'persisted']) {
  t.test(`a rule and a persistence class know their job, too, and lock for it: ${resource}`, async (t) => {
    const { perform, holdLine, unwritten, rows } = await open(t)
    await holdLine(30)
    const job = await perform(resource, { selection: { all: true }, set: { status: 'closed' }, onError: 'continue' })
    t.match(job, { status: 'completed_with_errors', succeeded: 8, failed: 1 })
    t.match(await unwritten(job), [{ key: '3', outcome: 'failed', code: 'locked' }])
    t.same([...new Set(seen.map((current) => `${current?.id} ${current?.resource}`))], [`${job.id} ${resource}`])
    t.equal((await rows('SELECT 1 FROM powercrud.chunk WHERE living')).length, 1, 'only what another job holds is still held')
  })
}

t.test('hooks that a task flushes know the task', async (t) => {
  const { engine, job, rows } = await open(t)
  const launched = await launchTask(engine, 'flushes', null)
  await work(engine, launched)
  t.match(await job(launched.id), { status: 'succeeded' })
  t.same(seen.map((current) => `${current?.id} ${current?.operation}`), [1, 2].map(() => `${launched.id} flushes`))
  t.same(await rows('SELECT 1 FROM powercrud.chunk WHERE living'), [])
})

t.test('under rollback it fails the job', async (t) => {
  const { close, holdLine, rows } = await open(t)
  await holdLine(31)
  t.match(await close('rollback'), { status: 'failed', error_code: 'rolled_back', error_row_code: 'locked' })
  t.equal((await rows("SELECT 1 FROM orders WHERE status = 'open'")).length, 9)
})
