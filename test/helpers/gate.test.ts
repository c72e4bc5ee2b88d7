import t from 'tap'
import { createDatabase, type TestDatabase } from './database.ts'
import { createGate } from './gate.ts'
import { until } from './until.ts'

async function databaseWithRows (t: Parameters<typeof createDatabase>[0]): Promise<TestDatabase> {
  const database = await createDatabase(t)
  const client = await database.connect()
  await client.query('CREATE TABLE thing AS SELECT n AS id, 0 AS value FROM generate_series(1, 3) n')
  return database
}

t.test('a closed gate holds a statement after its write and before the commit', async (t) => {
  const database = await databaseWithRows(t)
  const gate = await createGate(database, { table: 'thing', on: 'update' })
  const worker = await database.connect()
  const reader = await database.connect()

  await gate.close()
  const written = worker.query('UPDATE thing SET value = 1')
  const [pid] = await gate.waitUntilReached()

  await until(async () => {
    const { rows: [held] } = await reader.query('SELECT state, wait_event_type FROM pg_stat_activity WHERE pid = $1', [pid])
    return held.state === 'active' && held.wait_event_type === 'Lock'
  }, { what: 'a backend that waits for a lock' })
  const { rows: locked } = await reader.query('SELECT FROM thing FOR UPDATE SKIP LOCKED')
  t.equal(locked.length, 0, 'the rows are written')
  const { rows: [seen] } = await reader.query('SELECT sum(value)::int AS sum FROM thing')
  t.same(seen, { sum: 0 }, 'and not committed')

  await gate.open()
  await written
  const { rows: [committed] } = await reader.query('SELECT sum(value)::int AS sum FROM thing')
  t.same(committed, { sum: 3 })
})

t.test('a backend terminated at the gate writes nothing, and the gate can be opened', async (t) => {
  const database = await databaseWithRows(t)
  const gate = await createGate(database, { table: 'public.thing', on: 'delete' })
  const worker = await database.connect()
  const killer = await database.connect()

  await gate.close()
  const refused = t.rejects(worker.query('DELETE FROM thing'), { code: '57P01' })
  const [pid] = await gate.waitUntilReached()
  await killer.query('SELECT pg_terminate_backend($1)', [pid])
  await refused
  await gate.open()

  const { rowCount } = await killer.query('DELETE FROM thing')
  t.equal(rowCount, 3)
})

t.test('with a condition only matching rows wait at the gate, and lock_timeout does not apply there', async (t) => {
  const database = await databaseWithRows(t)
  const gate = await createGate(database, { table: 'thing', on: 'update', row: 'new.id = 2', when: 'before' })
  const worker = await database.connect()
  await worker.query("SET lock_timeout = '50ms'")

  await gate.close()
  await worker.query('UPDATE thing SET value = 1 WHERE id = 1')
  const since = performance.now()
  const written = worker.query('UPDATE thing SET value = 1 WHERE id = 2')
  await gate.waitUntilReached()
  await until(() => performance.now() - since > 200, { what: 'a time well over lock_timeout' })
  await gate.open()
  t.equal((await written).rowCount, 1)
})

t.test('an open gate does not block, and can be closed while a transaction that has passed it is open', async (t) => {
  const database = await databaseWithRows(t)
  const gate = await createGate(database, { table: 'thing', on: 'update' })
  const worker = await database.connect()
  await worker.query('BEGIN')
  await worker.query('UPDATE thing SET value = 1')
  await gate.close()
  await worker.query('COMMIT')
  await t.rejects(gate.waitUntilReached({ deadlineMs: 30 }), { message: /1 at the gate on update of thing/ })
  await gate.open()
})
