import t from 'tap'
import { MikroORM } from '@mikro-orm/postgresql'
import { entityTransaction } from '../../src/database/entity-transaction.ts'
import { Country } from '../fixtures/entities.ts'
import { createDatabase } from '../helpers/database.ts'
import type { TestScope } from '../helpers/test-scope.ts'
import { until } from '../helpers/until.ts'

/** One connection is all there is: one that is lost to the pool would be missed at once. */
async function narrowPool (t: TestScope) {
  const database = await createDatabase(t)
  const orm = await MikroORM.init({ clientUrl: database.url, entities: [Country], pool: { min: 0, max: 1 } })
  t.teardown(() => orm.close(true))
  await orm.schema.create()
  const client = await database.connect()
  const insert = (code: string, commit: boolean) => entityTransaction(orm, async ({ em, sql }) => {
    em.create(Country, { code, name: code })
    await em.flush()
    const [row] = await sql.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
    return { commit, value: row!.pid }
  })
  const countries = async () => (await client.query('SELECT code FROM country ORDER BY code')).rows.map(({ code }) => code)
  const end = async (pid: number) => {
    await client.query('SELECT pg_terminate_backend($1)', [pid])
    await until(async () => (await client.query('SELECT FROM pg_stat_activity WHERE pid = $1', [pid])).rowCount === 0)
  }
  return { orm, insert, countries, end }
}

t.test('commits or rolls back as the work says, and rolls back when it throws', async (t) => {
  const { orm, insert, countries } = await narrowPool(t)
  await insert('AA', true)
  await insert('BB', false)
  await t.rejects(entityTransaction(orm, async ({ em }) => {
    em.create(Country, { code: 'CC', name: 'CC' })
    await em.flush()
    return Promise.reject(new RangeError('what the work throws'))
  }), { message: 'what the work throws' })
  await insert('DD', true)
  t.same(await countries(), ['AA', 'DD'])
})

t.test('a connection that is lost in the middle goes, and another takes its place', async (t) => {
  const { orm, insert, countries, end } = await narrowPool(t)
  for (let round = 0; round < 3; round += 1) {
    await t.rejects(entityTransaction(orm, async ({ sql }) => {
      const [row] = await sql.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
      await end(row!.pid)
      await sql.query('SELECT 1')
      return { commit: true, value: undefined }
    }))
  }
  await insert('AA', true)
  t.same(await countries(), ['AA'])
})

t.test('a connection that was lost in the pool costs one attempt at most', async (t) => {
  const { insert, countries, end } = await narrowPool(t)
  await end(await insert('AA', true))
  await insert('BB', true).catch(() => undefined)
  await insert('CC', true)
  t.ok((await countries()).includes('CC'))
})

t.test('a listener of the application that fails leaves no transaction behind', async (t) => {
  const { orm, insert, countries } = await narrowPool(t)
  const listener = { beforeTransactionRollback: () => Promise.reject(new RangeError('the listener')) }
  orm.em.getEventManager().registerSubscriber(listener)
  await t.rejects(insert('AA', false), { message: 'the listener' })
  await insert('BB', true)
  t.same(await countries(), ['BB'])
})
