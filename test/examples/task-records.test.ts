import Fastify from 'fastify'
import t from 'tap'
import { AsyncTaskRecord } from '../../examples/task-records/async-task-record.ts'
import { TrackingManager } from '../../examples/task-records/tracking-manager.ts'
import powercrudAsync from '../../plugins/index.ts'
import { runQueuedJobs } from '../../src/app/testing/index.ts'
import { createOrm } from '../fixtures/orm.ts'
import { createDatabase } from '../helpers/database.ts'

t.test('each job has a record of the application\'s own, which outlives it', async (t) => {
  const database = await createDatabase(t)
  const orm = await createOrm(t, { url: database.url, entities: [AsyncTaskRecord] })
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(powercrudAsync, {
    orm,
    migrate: true,
    cleanupGracePeriod: 0,
    worker: { mode: 'separate' },
    manager: TrackingManager,
    tasks: { report: async ({ pages }: { pages: number }) => ({ pages }), breaks: async () => { throw new RangeError('no') } }
  })
  await app.powercrud.launch('report', { pages: 3 }, { user: { id: '7', label: 'ada' }, affected: ['Apollo', 'Gemini'] })
  await app.powercrud.launch('breaks')
  await runQueuedJobs(app.powercrud)
  await app.powercrud.cleanupCompletedTasks()

  t.match(await orm.em.fork().find(AsyncTaskRecord, {}, { orderBy: { id: 'asc' } }), [
    { taskName: 'report', status: 'succeeded', userLabel: 'ada', affectedObjects: 'Apollo and Gemini', payload: { pages: 3 }, result: { pages: 3 }, completedAt: Date, cleanedUp: true },
    { taskName: 'breaks', status: 'failed', userLabel: null, affectedObjects: 'none', failedAt: Date, completedAt: null, cleanedUp: true }
  ])
  t.same(await app.powercrud.activeJobs(), [])
})
