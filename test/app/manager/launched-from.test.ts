import { fileURLToPath } from 'node:url'
import fastifySchedule from '@fastify/schedule'
import { defineEntity, p, type MikroORM } from '@mikro-orm/core'
import Fastify from 'fastify'
import t from 'tap'
import { AsyncTask, SimpleIntervalJob } from 'toad-scheduler'
import powercrudAsync, { currentJob, loadConfig, type AsyncManager } from '../../../plugins/index.ts'
import { runQueuedJobs, waitForJob } from '../../../src/app/testing/index.ts'
import { createOrm } from '../../fixtures/orm.ts'
import { createDatabase } from '../../helpers/database.ts'
import { startScript } from '../../helpers/processes.ts'

let powercrud: AsyncManager

const Page = defineEntity({
  name: 'Page',
  properties: { id: p.integer().primary(), title: p.string() },
  hooks: {
    afterUpdate: [async ({ entity }: { entity: { id: number } }) => {
      await powercrud.launch('reindex', { page: entity.id, within: currentJob()?.operation ?? null }, { affected: [`page ${entity.id}`] })
    }]
  }
})

t.test('from a route, the hook of an entity in a request and in a job, the end of another job, and a schedule', async (t) => {
  const orm = await createOrm(t, { url: (await createDatabase(t)).url, entities: [Page] })
  await orm.em.fork().insertMany(Page, [1, 2].map((id) => ({ id, title: 'old' })))
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(fastifySchedule)
  await app.register(powercrudAsync, {
    orm,
    migrate: true,
    worker: { mode: 'separate' },
    resources: { pages: { entity: Page, path: '/pages', bulkFields: ['title'], bulkMinAsyncRecords: 2 } },
    tasks: { reindex: async (payload: unknown) => payload, after: async (payload: unknown) => payload, tick: async () => 'tock' },
    hooks: { onComplete: async (job) => { if (job.resource === 'pages') await powercrud.launch('after', job.id, { idempotencyKey: job.id }) } }
  })
  powercrud = app.powercrud
  app.post('/reindex', async (request) => app.powercrud.launch('reindex', request.body))
  app.patch<{ Params: { id: string } }>('/pages/:id', async ({ params }) => orm.em.fork().transactional(async (em) => {
    (await em.findOneOrFail(Page, Number(params.id))).title = 'by hand'
    await em.flush()
    return 'done'
  }))
  await app.ready()

  const byRoute = (await app.inject({ method: 'POST', url: '/reindex', payload: { page: 7 } })).json()
  t.match(byRoute, { operation: 'reindex', status: 'queued' })
  t.equal((await app.inject({ method: 'PATCH', url: '/pages/1' })).statusCode, 200)
  const bulk = (await app.inject({ method: 'POST', url: '/pages/bulk-update', payload: { selection: { ids: [1, 2] }, set: { title: 'new' } } })).json()
  const ticked = new Set<string>()
  const { promise: twice, resolve } = Promise.withResolvers<void>()
  let ticks = 0
  app.scheduler.addSimpleIntervalJob(new SimpleIntervalJob({ milliseconds: 50, runImmediately: true }, new AsyncTask('tick', async () => {
    ticked.add((await app.powercrud.launch('tick', null, { idempotencyKey: 'today' })).id)
    if (++ticks === 2) resolve()
  }), { preventOverrun: true }))
  await twice
  app.scheduler.stop()
  t.equal(ticked.size, 1, 'a schedule on several machines, or run twice, makes one job by its key')

  // The events of the first are delivered while others run, or after them.
  const done = [...await runQueuedJobs(app.powercrud), ...await runQueuedJobs(app.powercrud)]
  t.match(done.find(({ operation }) => operation === 'after'), { operation: 'after', status: 'succeeded', result: bulk.id })
  t.equal(done.find(({ id }) => id === bulk.id)?.status, 'succeeded')
  t.match(done.filter(({ operation }) => operation === 'reindex').map(({ result }) => result), [
    { page: 7 }, { page: 1, within: null }, { page: 1, within: 'update' }, { page: 2, within: 'update' }
  ])
  t.match(done.find(({ operation }) => operation === 'tick'), { result: 'tock' })
})

t.test('from a script, by the config file of its folder, which the server loads too', async (t) => {
  const database = await createDatabase(t)
  await createOrm(t, database)
  const folder = (name: string) => fileURLToPath(new URL(`../cli/configs/${name}`, import.meta.url))
  const launched: string[] = []
  for (const name of ['js', 'ts']) {
    const script = startScript(t, new URL('nightly-script.ts', import.meta.url), { args: ['ada'], cwd: folder(name), env: { DATABASE_URL: database.url } })
    t.same(await script.exited, { code: 0, signal: null }, 'it ends by itself')
    launched.push(/launched (\S+) queued/.exec(script.output())?.[1] ?? script.output())
  }
  t.equal(launched[0], launched[1])

  process.env.DATABASE_URL = database.url
  const config = await loadConfig(folder('ts/powercrud.config.ts'))
  t.teardown(() => (config.orm as MikroORM).close())
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(powercrudAsync, config)
  await app.ready()
  await runQueuedJobs(app.powercrud)
  t.match(await waitForJob(app.powercrud, launched[0]!, { timeoutMs: 60_000 }), { status: 'succeeded', result: 'hello ada' })
})
