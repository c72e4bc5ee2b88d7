import t from 'tap'
import { migrate, pendingMigrations } from '../../src/migrations/migrate.ts'
import { migrations } from '../../src/migrations/index.ts'
import { clientSql } from '../../src/database/pool.ts'
import { tablesIn } from '../../src/database/tables.ts'
import { createDatabase } from '../helpers/database.ts'
import { startScript } from '../helpers/processes.ts'
import type { TestScope } from '../helpers/test-scope.ts'
import { until } from '../helpers/until.ts'

const scope = { tables: tablesIn('powercrud'), queue: 'postgres' } as const
const own = migrations.map(({ name }) => name)

async function emptyDatabase (t: TestScope) {
  const { url, connect } = await createDatabase(t)
  const client = await connect()
  return { url, config: { connectionString: url }, client, sql: clientSql(client) }
}

t.test('everything is applied once, in order, and then nothing is pending', async (t) => {
  const { config, sql } = await emptyDatabase(t)
  t.same(await pendingMigrations(sql, scope), [...own, 'bullmq'])
  t.same(await migrate(config, scope), [...own, 'bullmq'])
  t.same(await pendingMigrations(sql, scope), [])
  t.same(await migrate(config, scope), [])
  t.same((await sql.query('SELECT name FROM powercrud.migration ORDER BY applied_at')).map(({ name }) => name), own)
})

t.test('where the queue is in Redis, BullMQ\'s tables are neither made nor missed', async (t) => {
  const { config, sql } = await emptyDatabase(t)
  t.same(await migrate(config, { ...scope, queue: 'redis' }), own)
  t.same(await pendingMigrations(sql, { ...scope, queue: 'redis' }), [])
  t.same(await sql.query("SELECT FROM pg_namespace WHERE nspname = 'bullmq'"), [])
  t.same(await pendingMigrations(sql, scope), ['bullmq'])
})

t.test('two schemas of one database are two', async (t) => {
  const { config, sql } = await emptyDatabase(t)
  const other = { ...scope, tables: tablesIn('Other "one"') }
  await Promise.all([migrate(config, scope), migrate(config, other)])
  t.same(await pendingMigrations(sql, scope), [])
  t.same(await pendingMigrations(sql, other), [])
})

t.test('eight processes that migrate at once all succeed', async (t) => {
  const { url, sql } = await emptyDatabase(t)
  const children = Array.from({ length: 8 }, () => startScript(t, new URL('migrate-process.ts', import.meta.url), { args: [url] }))
  for (const child of children) t.match(await child.exited, { code: 0 }, child.output())
  const applied = children.flatMap((child) => child.output().split(/\s+/)).filter((name) => own.includes(name))
  t.same(applied.sort(), own, 'and each migration was applied by one of them')
  t.same(await pendingMigrations(sql, scope), [])
})

t.test('a migration that fails leaves nothing behind, and is applied when its reason is gone', async (t) => {
  const { config, client, sql } = await emptyDatabase(t)
  // In the way of the last table that the first migration makes.
  await client.query('CREATE SCHEMA powercrud; CREATE TABLE powercrud.live_progress ()')
  await t.rejects(migrate(config, scope), { code: '42P07' })
  t.same((await sql.query("SELECT tablename FROM pg_tables WHERE schemaname = 'powercrud'")), [{ tablename: 'live_progress' }])
  t.same(await pendingMigrations(sql, scope), [...own, 'bullmq'])

  await client.query('DROP TABLE powercrud.live_progress')
  t.same(await migrate(config, scope), [...own, 'bullmq'])
})

t.test('a process that dies in the middle holds nobody up', async (t) => {
  const { url, config, client, sql } = await emptyDatabase(t)
  // It stands still where it enters its first migration in the ledger.
  await client.query('CREATE SCHEMA powercrud; CREATE TABLE powercrud.migration (name text PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())')
  await client.query('BEGIN; LOCK TABLE powercrud.migration IN SHARE MODE')
  const child = startScript(t, new URL('migrate-process.ts', import.meta.url), { args: [url] })
  await until(async () => (await sql.query(`
    SELECT FROM pg_locks WHERE relation = 'powercrud.migration'::regclass AND NOT granted
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`)).length > 0)
  child.kill('SIGKILL')
  await child.exited
  await client.query('COMMIT')
  await migrate(config, scope)
  t.same(await pendingMigrations(sql, scope), [])
})

t.test('a role that may not create anything can start on tables that are there', async (t) => {
  const { url, config, client, sql } = await emptyDatabase(t)
  await migrate(config, scope)
  const role = new URL(url).pathname.slice(1)
  await client.query(`CREATE ROLE ${role} LOGIN PASSWORD 'secret'; GRANT USAGE ON SCHEMA powercrud, bullmq TO ${role};
    GRANT SELECT ON ALL TABLES IN SCHEMA powercrud, bullmq TO ${role}`)
  t.teardown(() => client.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`))
  const restricted = new URL(url)
  Object.assign(restricted, { username: role, password: 'secret' })
  t.same(await migrate({ connectionString: restricted.href }, scope), [])

  await client.query('DELETE FROM powercrud.migration')
  await t.rejects(migrate({ connectionString: restricted.href }, scope), { code: '42501' })
  t.same(await pendingMigrations(sql, scope), own)
})
