import type { FastifyInstance } from 'fastify'
import { buildApp } from '../../../examples/cities/app.ts'
import { openOrm } from '../../../examples/cities/database/orm.ts'
import { loadWorld } from '../../../examples/cities/load/load-world.ts'
import { createDatabase } from '../../helpers/database.ts'
import type { TestScope } from '../../helpers/test-scope.ts'

/** The example with all its cities, on a database of its own, until the test ends. */
export async function citiesApp (t: TestScope): Promise<FastifyInstance> {
  const { url } = await createDatabase(t)
  const orm = await openOrm(url)
  t.teardown(() => orm.close())
  await loadWorld(url, orm)
  const app = await buildApp({ orm })
  t.teardown(() => app.close())
  await app.ready()
  return app
}
