import { randomBytes } from 'node:crypto'
import { MikroORM } from '@mikro-orm/postgresql'
import Fastify from 'fastify'
import t from 'tap'
import powercrudAsync from '../../plugins/index.ts'
import { tablesIn } from '../../src/database/tables.ts'
import { migrate } from '../../src/migrations/migrate.ts'
import { entities, Item } from '../fixtures/entities.ts'
import { createOrm, seedItems } from '../fixtures/orm.ts'
import { createDatabase } from '../helpers/database.ts'

t.test('server and worker need no more rights than the README grants', async (t) => {
  const { url, connect } = await createDatabase(t)
  const owner = await connect()
  await seedItems(await createOrm(t, { url }), 50)
  await migrate({ connectionString: url }, { tables: tablesIn('powercrud'), queue: 'postgres' })
  const role = `role_${randomBytes(6).toString('hex')}`
  await owner.query(`
    CREATE ROLE ${role} LOGIN PASSWORD 'secret';
    GRANT USAGE ON SCHEMA powercrud, bullmq TO ${role};
    GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA powercrud, bullmq TO ${role};
    GRANT USAGE ON ALL SEQUENCES IN SCHEMA powercrud, bullmq TO ${role};
    GRANT SELECT, UPDATE ON item TO ${role}`)
  t.teardown(() => owner.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`))

  const restricted = new URL(url)
  restricted.username = role
  restricted.password = 'secret'
  const orm = await MikroORM.init({ clientUrl: restricted.href, entities })
  t.teardown(() => orm.close(true))
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(powercrudAsync, {
    orm,
    resources: { items: { entity: Item, path: '/items', bulkFields: ['notes'], undo: true } }
  })
  const response = await app.inject({
    method: 'POST',
    url: '/items/bulk-update',
    headers: { prefer: 'respond-async, wait=30' },
    payload: { selection: { all: true }, set: { notes: 'x' } }
  })
  t.match({ status: response.statusCode, body: response.json() }, { status: 200, body: { status: 'succeeded', counts: { succeeded: 50 } } })
})
