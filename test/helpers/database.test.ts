import t from 'tap'
import { createDatabase, ownPostgres } from './database.ts'

t.test('createDatabase gives each caller an empty database and drops it at the end', async (t) => {
  const names: string[] = []
  await t.test('during the test', async (t) => {
    for (const database of [await createDatabase(t), await createDatabase(t)]) {
      const client = await database.connect()
      await client.query('CREATE TABLE thing (id int)')
      const { rows } = await client.query<{ name: string }>('SELECT current_database() AS name')
      names.push(...rows.map(({ name }) => name))
    }
    t.not(names[0], names[1])
  })
  const other = await (await createDatabase(t)).connect()
  const { rows } = await other.query('SELECT FROM pg_database WHERE datname = ANY($1)', [names])
  t.equal(rows.length, 0)
})

t.test('ownPostgres can be stopped, started and crashed without losing a commit', async (t) => {
  const server = await ownPostgres(t)
  const first = await server.connect()
  await first.query('CREATE TABLE thing (id int)')
  await server.stop()
  await t.rejects(first.query('SELECT 1'))
  await t.rejects(server.connect(), { code: 'ECONNREFUSED' })

  await server.start()
  const second = await server.connect()
  await second.query('INSERT INTO thing VALUES (1)')
  await server.restart('immediate')
  await t.rejects(second.query('SELECT 1'))
  const third = await server.connect()
  t.same((await third.query('SELECT id FROM thing')).rows, [{ id: 1 }])
})
