import Fastify from 'fastify'
import { Type } from '@sinclair/typebox'
import t from 'tap'
import powercrudAsync, { assertUnlocked, AsyncManager, defineTask, type LifecycleEvent } from '../../../plugins/index.ts'
import type { Job } from '../../../schemas/job.ts'
import { assertNoLocks, runQueuedJobs, waitForJob } from '../../../src/app/testing/index.ts'
import { Item } from '../../fixtures/entities.ts'
import { createOrm, seedItems } from '../../fixtures/orm.ts'
import { createDatabase } from '../../helpers/database.ts'
import type { TestScope } from '../../helpers/test-scope.ts'
import { until } from '../../helpers/until.ts'

const rename = defineTask({
  name: 'rename',
  payload: Type.Object({ id: Type.Integer(), name: Type.String() }),
  handler: async ({ id, name }, { em }) => {
    (await em.findOneOrFail(Item, id)).name = name
    return name.length
  }
})

async function open (t: TestScope, mode: 'in-process' | 'separate') {
  const database = await createDatabase(t)
  const orm = await createOrm(t, database)
  await seedItems(orm, 30)
  const delivered: string[] = []
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(powercrudAsync, {
    orm,
    migrate: true,
    worker: { mode },
    tasks: { rename, breaks: async () => { throw new RangeError('no') } },
    resources: { items: { entity: Item, path: '/items', bulkFields: ['status'], bulkDelete: true, undo: false } },
    manager: class extends AsyncManager {
      override async asyncTaskLifecycle (event: LifecycleEvent, job: Job) {
        if (event !== 'progress') delivered.push(`${job.operation} ${event}`)
      }
    }
  })
  await app.ready()
  return { app, delivered, orm }
}

t.test('a task is launched in code, done by the worker, and seen in the routes', async (t) => {
  const { app, delivered } = await open(t, 'in-process')
  const job = await app.powercrud.launch(rename, { id: 3, name: 'three' }, { conflicts: { Item: [3] } })
  t.match(await waitForJob(app.powercrud, job.id, { timeoutMs: 60_000 }), { status: 'succeeded', result: 5 })
  const progress = await app.inject(`/powercrud/async/progress/${job.id}`)
  t.equal(progress.statusCode, 286)
  t.match(progress.json(), { id: job.id, resource: null, operation: 'rename', result: 5, progress: { percent: 100 }, links: { undo: null } })
  t.match((await app.inject('/powercrud/async/jobs?operation=rename')).json(), { items: [{ id: job.id }] })
  t.match((await app.inject(`/powercrud/async/jobs/${job.id}/results`)).json(), { items: [] })
  await until(() => delivered.length === 3)
  t.same(delivered, ['rename create', 'rename complete', 'rename cleanup'])
  await assertNoLocks(app.powercrud)
})

t.test('what is no action of a task is refused, and harms nothing', async (t) => {
  const { app } = await open(t, 'separate')
  const job = await app.powercrud.launch('rename', { id: 3, name: 'three' })
  for (const action of ['retry', 'undo']) {
    const answer = await app.inject({ method: 'POST', url: `/powercrud/async/jobs/${job.id}/${action}` })
    t.match([answer.statusCode, answer.json().code], [409, 'wrong_state'], action)
  }
  t.equal((await app.inject({ method: 'POST', url: `/powercrud/async/jobs/${job.id}/cancel` })).statusCode, 202)
  t.equal(await app.powercrud.getStatus(job.id), 'cancelled')
})

t.test('a task that failed is retried by its route', async (t) => {
  const { app } = await open(t, 'separate')
  const { id } = await app.powercrud.launch('breaks', { a: 1 })
  await runQueuedJobs(app.powercrud)
  const retry = async () => app.inject({ method: 'POST', url: `/powercrud/async/jobs/${id}/retry` })
  const answer = await retry()
  t.match([answer.statusCode, answer.json()], [202, { operation: 'breaks', status: 'queued', retryOf: id, resource: null }])
  t.equal(answer.headers.location, answer.json().links.self)
  const refused = await retry()
  t.match([refused.statusCode, refused.json()], [409, { code: 'wrong_state', jobId: answer.json().id }])
})

t.test('a task and a bulk route lock the same records', async (t) => {
  const { app, delivered } = await open(t, 'separate')
  const job = await app.powercrud.launch(rename, { id: 3, name: 'three' }, { conflicts: { items: [3] } })
  const update = async () => app.inject({ method: 'POST', url: '/items/bulk-update', payload: { selection: { ids: [3, 4] }, set: { status: 'done' } } })
  const refused = await update()
  t.match([refused.statusCode, refused.json()], [409, { code: 'records_locked', conflicts: [{ id: 3, jobId: job.id, operation: 'rename' }] }])
  await t.rejects(assertUnlocked(Item, 3), { code: 'records_locked' })
  t.match(await runQueuedJobs(app.powercrud), [{ id: job.id, status: 'succeeded' }])
  t.equal((await update()).statusCode, 200)
  await assertUnlocked(Item, 3)
  await until(() => delivered.includes('update cleanup'))
})

t.test('invalid payloads and names are rejected at the launch', async (t) => {
  const { app } = await open(t, 'separate')
  await t.rejects(app.powercrud.launch('rename', { id: 'three' }), { code: 'validation_failed', statusCode: 400 })
  await t.rejects(app.powercrud.launch('renam', {}), { code: 'unknown_task', message: /did you mean rename/ })
})
