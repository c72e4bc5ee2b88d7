import t from 'tap'
import { Article, hooked } from '../../fixtures/hooked.ts'
import { Item } from '../../fixtures/entities.ts'
import { seedItems } from '../../fixtures/orm.ts'
import { openBulk } from '../../helpers/bulk.ts'

const total = 2_000
const failing = 1_500

const bulk = await openBulk(t, {
  resources: { items: { entity: Item } },
  async seed (client, orm) {
    await seedItems(orm, total)
    await client.query(`
      CREATE SEQUENCE attempts;
      CREATE TABLE how (sql text);
      CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF old.id = ${failing} THEN
          PERFORM nextval('attempts');
          EXECUTE (SELECT sql FROM how);
        END IF;
        RETURN new;
      END $$;
      CREATE TRIGGER fail BEFORE UPDATE ON item FOR EACH ROW EXECUTE FUNCTION fail()`)
  }
})
const { rows, perform, unwritten } = bulk

async function failWith (sql: string) {
  await rows("UPDATE item SET status = 'new' WHERE status <> 'new'")
  await rows('TRUNCATE how')
  await rows('INSERT INTO how VALUES ($1)', [sql])
  await rows("SELECT setval('attempts', 1)")
}

async function attempts (): Promise<number> {
  const [row] = await rows<{ count: number }>('SELECT last_value::int - 1 AS count FROM attempts')
  return row!.count
}

const codes = ['08006', '08001', '53300', '57P01', '57P03', 'P0002', 'P0003', 'P0004', '20000', '21000', '27000', 'XX000', '42703']
for (const code of codes) {
  t.test(`a trigger that raises ${code} makes one record fail, and no connection is taken for lost`, async (t) => {
    await failWith(`DO $$ BEGIN RAISE 'no answer' USING ERRCODE = '${code}'; END $$`)
    const continued = await perform('items', { selection: { all: true }, set: { status: 'done' }, onError: 'continue' })
    t.match(continued, { status: 'completed_with_errors', succeeded: total - 1, failed: 1 })
    t.match(await unwritten(continued), [{ key: String(failing), outcome: 'failed', code: 'raised_by_trigger' }])
    await failWith(`DO $$ BEGIN RAISE 'no answer' USING ERRCODE = '${code}'; END $$`)
    const rolledBack = await perform('items', { selection: { all: true }, set: { status: 'done' } })
    t.match(rolledBack, { status: 'failed', error_code: 'rolled_back', error_row_code: 'raised_by_trigger', failed: 1 })
    t.ok(await attempts() < 20, 'it is not tried again and again')
  })
}

for (const onError of ['rollback', 'continue'] as const) {
  t.test(`a record that terminates its own backend ends the job as poisoned (${onError})`, async (t) => {
    await failWith('SELECT pg_terminate_backend(pg_backend_pid())')
    const done = await perform('items', { selection: { all: true }, set: { status: 'done' }, onError })
    t.match(done, { status: 'failed', error_code: 'poisoned' })
    const count = await attempts()
    t.ok(count >= 10 && count < 40, `${count} attempts`)
    t.same(await rows("SELECT 1 FROM item WHERE status = 'done'"), [])
    t.same(await rows('SELECT 1 FROM powercrud.chunk WHERE living'), [], 'the records are unlocked')
  })
}

t.test('a backend that is terminated once costs nothing but time', async (t) => {
  await failWith('DO $$ BEGIN IF (SELECT last_value FROM attempts) < 5 THEN PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(1); END IF; END $$')
  const done = await perform('items', { selection: { all: true }, set: { status: 'done' } })
  t.match(done, { status: 'succeeded', succeeded: total })
})

t.test('a hook that does not reach a server of its own fails its record', async (t) => {
  const refused = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:1'), { code: 'ECONNREFUSED' })
  const { orm, perform, unwritten } = await openBulk(t, {
    entities: hooked,
    resources: { articles: { entity: Article, bulkFields: ['title'] } },
    seed: (client) => client.query("INSERT INTO article (id, title, slug, version, updated_at) SELECT n, 'old', 'old', 1, now() FROM generate_series(1, 40) n")
  })
  orm.em.getEventManager().registerSubscriber({
    getSubscribedEntities: () => [Article as never],
    async beforeUpdate ({ entity }) { if ((entity as { id: number }).id === 7) throw refused }
  })
  const done = await perform('articles', { selection: { all: true }, set: { title: 'new' }, onError: 'continue' })
  t.match(done, { status: 'completed_with_errors', succeeded: 39, failed: 1 })
  t.match(await unwritten(done), [{ key: '7', code: 'hook_failed' }])
})
