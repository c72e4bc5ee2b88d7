import type { FastifyInstance } from 'fastify'
import { buildApp } from '../../../examples/cities/app.ts'
import { openOrm } from '../../../examples/cities/database/orm.ts'
import type { TestScope } from '../../helpers/test-scope.ts'
import { createWorldDatabase } from './world-database.ts'

/** The example with all its cities, on a database of its own, until the test ends. */
export async function citiesApp (t: TestScope): Promise<FastifyInstance> {
  const { url } = await createWorldDatabase(t)
  const orm = await openOrm(url)
  t.teardown(() => orm.close())
  const app = await buildApp({ orm })
  t.teardown(() => app.close())
  await app.ready()
  return app
}
