import Fastify, { type FastifyInstance } from 'fastify'
import type { MikroORM } from '@mikro-orm/postgresql'
import powercrudAsync, { type PowercrudAsyncOptions } from '../../plugins/index.ts'
import { createOrm, seedItems } from '../fixtures/orm.ts'
import { createEngineDatabase } from '../helpers/engine-database.ts'
import type { TestScope } from '../helpers/test-scope.ts'

interface Host {
  app: FastifyInstance
  orm: MikroORM
  /** Sends a request as a user; returns status and body. */
  get (url: string, as?: string): Promise<{ status: number, body: any }> // eslint-disable-line @typescript-eslint/no-explicit-any
  post (url: string, payload: object, as?: string): Promise<{ status: number, body: any }> // eslint-disable-line @typescript-eslint/no-explicit-any
}

/** An application on a database of its own, with items and no worker: what is launched in the background stays locked. */
export async function openHost (t: TestScope, options: Omit<PowercrudAsyncOptions, 'orm'>, seed = ''): Promise<Host> {
  const orm = await createOrm(t, await createEngineDatabase(t))
  await seedItems(orm, 60)
  if (seed !== '') await orm.em.getConnection().execute(seed)
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(powercrudAsync, { orm, migrate: true, worker: { mode: 'separate' }, ...options })
  await app.ready()
  const ask = async (method: 'GET' | 'POST', url: string, as: string | undefined, payload?: object) => {
    const response = await app.inject({ method, url, headers: as === undefined ? {} : { 'x-user': as }, ...(payload && { payload }) })
    return { status: response.statusCode, body: response.json() }
  }
  return { app, orm, get: (url, as) => ask('GET', url, as), post: (url, payload, as) => ask('POST', url, as, payload) }
}

export const userOf = ({ headers }: { headers: Record<string, unknown> }) =>
  typeof headers['x-user'] === 'string' ? { id: headers['x-user'], label: headers['x-user'].toUpperCase() } : null
