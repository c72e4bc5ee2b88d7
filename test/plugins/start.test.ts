import fastifySwagger from '@fastify/swagger'
import Fastify from 'fastify'
import t from 'tap'
import powercrudAsync, { refResolver } from '../../plugins/index.ts'
import { Item } from '../fixtures/entities.ts'
import { createOrm } from '../fixtures/orm.ts'
import { createDatabase } from '../helpers/database.ts'
import { ownRedis } from '../helpers/redis.ts'
import { until } from '../helpers/until.ts'

const database = await createDatabase(t)
const orm = await createOrm(t, database)
const resources = { items: { entity: Item, path: '/items', bulkFields: ['status'], filterFields: ['status'] } }

t.test('without its tables the plugin refuses to start, and says what to run', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  await t.rejects(async () => { await app.register(powercrudAsync, { orm, resources }) }, {
    code: 'migrations_missing', message: /migrate: true.*powercrud-async migrate/
  })
})

t.test('with swagger before us the document has our routes and the names of our schemas', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(fastifySwagger, { openapi: { openapi: '3.1.0', info: { title: 'host', version: '1' } }, refResolver })
  await app.register(powercrudAsync, { orm, resources, migrate: true, worker: { mode: 'separate' } })
  await app.ready()
  const document = app.swagger() as { paths: object, components: { schemas: object } }
  t.ok('/items/bulk-update' in document.paths)
  t.ok('PowercrudJob' in document.components.schemas)
})

t.test('options that have no effect yet are refused, unless they have their default', async (t) => {
  const register = async (options: object) => {
    const app = Fastify()
    t.teardown(() => app.close())
    await app.register(powercrudAsync, { orm, migrate: true, worker: { mode: 'separate' }, resources, ...options })
  }
  await t.rejects(register({ dashboard: true, resources: { items: { ...resources.items, throttle: 500 } } }), {
    code: 'invalid_options',
    message: /dashboard: is planned, and has no effect in this version; leave it out[^]*resources\.items\.throttle: is planned/
  })
  await register({ dashboard: false, resources: { items: { ...resources.items, throttle: null } } })
})

t.test('with swagger behind us the server works, and the log says what is wrong', async (t) => {
  const lines: string[] = []
  const app = Fastify({ logger: { level: 'warn', stream: { write: (line: string) => { lines.push(line) } } } })
  t.teardown(() => app.close())
  await app.register(powercrudAsync, { orm, resources, migrate: true, worker: { mode: 'separate' } })
  await app.register(fastifySwagger, { openapi: { openapi: '3.1.0', info: { title: 'host', version: '1' } } })
  await app.ready()
  t.equal((await app.inject('/powercrud/async/health')).statusCode, 200)
  t.match(lines.join(), /register @fastify\/swagger first/)
})

t.test('options that are wrong fail at registration, and say what was meant', async (t) => {
  const register = async (options: object) => {
    const app = Fastify()
    t.teardown(() => app.close())
    await app.register(powercrudAsync, { orm, migrate: true, resources, ...options })
  }
  await t.rejects(register({ conflictTTL: 3, basepath: '/x' }), {
    code: 'invalid_options', message: /conflictTTL: unknown option; did you mean conflictTtl[^]*basepath: unknown option; did you mean basePath/
  })
  await t.rejects(register({ resources: { items: { ...resources.items, bulkFields: ['statuss'], filterFields: ['nam'] } } }), {
    code: 'invalid_options', message: /statuss[^]*did you mean status[^]*nam[^]*did you mean name/
  })
})

t.test('what was opened before a validation error was found is closed again', async (t) => {
  const redis = await (await ownRedis(t)).connect()
  const sql = await database.connect()
  class NoManager {}
  const app = Fastify()
  t.teardown(() => app.close())
  const state = async () => {
    const { rows } = await sql.query("SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'powercrud%'")
    return [rows.length, (await redis.client('LIST') as string).trim().split('\n').length]
  }
  await t.rejects(async () => { await app.register(powercrudAsync, { orm, migrate: true, resources, redis, manager: NoManager }) }, {
    code: 'invalid_options', message: /NoManager does not extend AsyncManager/
  })
  await until(async () => (await state()).join() === '0,1', { what: 'the end of all connections but the one that was given' })
})
