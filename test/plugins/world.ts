import { randomBytes } from 'node:crypto'
import fastifySchedule from '@fastify/schedule'
import fastifyAccepts from '@fastify/accepts'
import type { MikroORM } from '@mikro-orm/postgresql'
import Fastify, { type FastifyInstance } from 'fastify'
import type { Client } from 'pg'
import type { Redis } from 'ioredis'
import powercrudAsync, { type PowercrudAsyncOptions } from '../../plugins/index.ts'
import { Account, Country, Item, Ledger, Seat } from '../fixtures/entities.ts'
import { createOrm, seedItems } from '../fixtures/orm.ts'
import type { TestDatabase } from '../helpers/database.ts'
import { createEngineDatabase } from '../helpers/engine-database.ts'
import { answering } from '../helpers/engine.ts'
import { createRedis } from '../helpers/redis.ts'
import type { TestScope } from '../helpers/test-scope.ts'
import { createCaller, type Caller } from './call.ts'
import { engineOf } from '../../src/app/manager/async-manager.ts'

export type Mode = 'postgres' | 'redis'
export type Host = 'plain' | 'foreign'

/** Headers play the part of a login: who calls, and what `authorize` is to refuse. */
export const callers = {
  user: ({ headers }: { headers: Record<string, unknown> }) =>
    typeof headers['x-user'] === 'string' ? { id: headers['x-user'], label: headers['x-user'].toUpperCase() } : null,
  authorize: ({ headers }: { headers: Record<string, unknown> }, { action }: { action: string }) => headers['x-refuse'] !== action
}

/** Every kind of key that there is. */
export const resources: NonNullable<PowercrudAsyncOptions['resources']> = {
  items: {
    entity: Item,
    path: '/items',
    bulkFields: ['name', 'status', 'priority', 'notes', 'amount', 'dueAt', 'owner', 'labels'],
    filterFields: ['name', 'status', 'priority', 'owner', 'dueAt'],
    bulkDelete: true,
    bulkMaxSelectedRecords: 1_000,
    undo: true,
    scope: ({ headers }) => headers['x-priority'] === undefined ? undefined : { priority: Number(headers['x-priority']) }
  },
  accounts: { entity: Account, path: '/accounts', bulkFields: ['name', 'active'], filterFields: ['name', 'active'], bulkDelete: true },
  countries: { entity: Country, path: '/countries', bulkFields: ['name'], filterFields: ['name'], bulkDelete: true },
  seats: { entity: Seat, path: '/seats', bulkFields: ['taken'], filterFields: ['taken'], bulkDelete: true },
  ledgers: { entity: Ledger, path: '/ledgers', bulkFields: ['note'], filterFields: ['note'] }
}

export interface World extends Caller {
  app: FastifyInstance
  orm: MikroORM
  database: Pick<TestDatabase, 'url' | 'connect'>
  sql: Client
  redis: Redis | undefined
  /** What would show that something has changed: a digest of all records, and what a launch leaves behind. */
  state (sql?: Client): Promise<{ records: string, jobs: number, keys: number, living: number }>
}

export interface WorldOptions {
  mode?: Mode
  host?: Host
  /** By default an application on the Fastify that the project is developed with. */
  createApp?: () => FastifyInstance
  options?: Partial<PowercrudAsyncOptions>
  /** Items that there are at first. */
  items?: number
  database?: Pick<TestDatabase, 'url' | 'connect'>
  redis?: Redis
}

/** An application with a database of its own, closed when the test ends. */
export async function createWorld (t: TestScope, { mode = 'postgres', host = 'plain', createApp = Fastify, options = {}, items = 200, ...given }: WorldOptions = {}): Promise<World> {
  const database = given.database ?? await createEngineDatabase(t)
  const orm = await createOrm(t, database)
  await seed(orm, items)
  const sql = await database.connect()
  const shared = mode === 'redis' && given.redis === undefined ? await createRedis(t) : undefined
  const redis = given.redis ?? shared?.client

  const app = createApp()
  t.teardown(() => app.close())
  await hosts[host].before(app)
  await app.register(powercrudAsync, {
    orm,
    ...(redis && { redis }),
    prefix: shared?.prefix ?? `test-${randomBytes(6).toString('hex')}`,
    migrate: true,
    resources,
    ...callers,
    ...options
  })
  await hosts[host].after(app)
  await app.ready()
  await answering(engineOf(app.powercrud))
  return {
    app,
    orm,
    database,
    sql,
    redis,
    ...createCaller(app),
    state: async (connection = sql) => (await connection.query(state)).rows[0]
  }
}

const tables = ['item', 'item_labels', 'account', 'country', 'seat', 'ledger']
const state = `SELECT
  (SELECT md5(string_agg(record, ',' ORDER BY record)) FROM (${tables.map((table) => `SELECT '${table}' || ${table}::text AS record FROM ${table}`).join(' UNION ALL ')}) AS every) AS records,
  (SELECT count(*)::int FROM powercrud.job) AS jobs,
  (SELECT count(*)::int FROM powercrud.idempotency) AS keys,
  (SELECT count(*)::int FROM powercrud.chunk WHERE living) AS living`

async function seed (orm: MikroORM, items: number): Promise<void> {
  await seedItems(orm, items)
  await orm.em.getConnection().execute(`
    INSERT INTO account (id, name) SELECT ('00000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid, 'account ' || n FROM generate_series(1, 30) n;
    INSERT INTO country (code, name) SELECT chr(64 + n) || chr(64 + n), 'country ' || n FROM generate_series(1, 26) n;
    INSERT INTO seat (row, number) SELECT chr(64 + r), n FROM generate_series(1, 5) r, generate_series(1, 6) n;
    INSERT INTO ledger (id, note) SELECT 9007199254740990 + n, 'note ' || n FROM generate_series(1, 30) n;
    ALTER TABLE item ADD CONSTRAINT item_priority_small CHECK (priority < 1000);
    ALTER TABLE account ADD CONSTRAINT account_name_unique UNIQUE (name)`)
}

type Register = (app: FastifyInstance) => Promise<void>

/** Applications differ: one that has nothing before us and little after, and one that has its own way in everything. */
const hosts: Record<Host, { before: Register, after: Register }> = {
  plain: {
    before: async () => {},
    after: async (app) => {
      await app.register(fastifySchedule)
      await app.register(fastifyAccepts)
    }
  },
  foreign: {
    before: async (app) => {
      app.addSchema({ $id: 'Job', type: 'object', properties: { title: { type: 'string' }, age: { type: 'integer' } } })
      app.setErrorHandler((error, _request, reply) => { reply.code(418).send({ host: true, message: (error as Error).message }) })
      app.setReplySerializer((payload) => JSON.stringify({ wrapped: payload }))
      app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => { done(null, body) })
      await app.register(fastifySchedule)
      await app.register(fastifyAccepts)
      app.post('/host/jobs', { schema: { body: { $ref: 'Job#' } } }, async ({ body }) => body)
    },
    after: async () => {}
  }
}
