import t from 'tap'
import { performBulk } from '../../../src/operations/launch/perform-bulk.ts'
import { Item } from '../../fixtures/entities.ts'
import { seedItems } from '../../fixtures/orm.ts'
import { openBulk } from '../../helpers/bulk.ts'
import { bulkLaunch } from '../../helpers/engine.ts'
import { createGate } from '../../helpers/gate.ts'
import { until } from '../../helpers/until.ts'

const counts = { succeeded: 0, unchanged: 0, missing: 0, skipped: 0, failed: 0 }
const total = 12_000

const bulk = await openBulk(t, {
  resources: { items: { entity: Item } },
  async seed (client, orm) {
    await seedItems(orm, total)
    await client.query(`
      CREATE TABLE bad (id int PRIMARY KEY);
      CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF EXISTS (SELECT 1 FROM bad WHERE bad.id = old.id) THEN RAISE EXCEPTION '% is bad', old.id; END IF;
        IF TG_OP = 'DELETE' THEN RETURN old; END IF;
        RETURN new;
      END $$;
      CREATE TRIGGER refuse BEFORE UPDATE OR DELETE ON item FOR EACH ROW EXECUTE FUNCTION refuse()`)
  }
})
const { engine, database, rows, perform, unwritten } = bulk

/** Everything as it was, and these records refused by a trigger. */
async function refusing (...ids: number[]) {
  await rows("UPDATE item SET status = 'new', version = 1 WHERE status <> 'new' AND id NOT IN (SELECT id FROM bad)")
  await rows('TRUNCATE bad')
  await rows('INSERT INTO bad SELECT unnest($1::int[])', [ids])
}

async function statusesDone () {
  return (await rows<{ id: number }>("SELECT id FROM item WHERE status = 'done' ORDER BY id")).map(({ id }) => id)
}

t.test('rollback: nothing is changed, one has failed, the others are unprocessed', async (t) => {
  await refusing(7_777, 9_000)
  const done = await perform('items', { selection: { all: true }, set: { status: 'done' } })
  t.match(done, {
    ...counts,
    status: 'failed',
    total,
    failed: 1,
    error_code: 'rolled_back',
    error_row_code: 'raised_by_trigger',
    error_message: 'a record failed, and everything was rolled back: 7777 is bad'
  })
  t.same(await statusesDone(), [])
  t.same(await unwritten(done), [{ key: '7777', outcome: 'failed', code: 'raised_by_trigger', message: '7777 is bad' }])
  t.same(await rows('SELECT no, state, refused FROM powercrud.job_chunk WHERE job_id = $1 ORDER BY no', [done.id]), [
    { no: 0, state: 'pending', refused: null },
    { no: 1, state: 'pending', refused: [{ place: 2_777, outcome: 'failed', code: 'raised_by_trigger', message: '7777 is bad' }] },
    { no: 2, state: 'pending', refused: null }
  ])
  t.same(await rows('SELECT count(*)::int FROM powercrud.chunk WHERE living'), [{ count: 0 }], 'the records are free')
})

t.test('stop: the chunks before stay, one has failed, the others are unprocessed', async (t) => {
  await refusing(5_001, 9_000)
  const done = await perform('items', { selection: { all: true }, set: { status: 'done' }, onError: 'stop' })
  t.match(done, {
    ...counts,
    status: 'failed',
    total,
    succeeded: 5_000,
    failed: 1,
    error_code: 'stopped',
    error_row_code: 'raised_by_trigger',
    error_message: 'a record failed; what was committed before stays: 5001 is bad'
  })
  t.same(await statusesDone(), Array.from({ length: 5_000 }, (_, index) => index + 1))
  t.same(await unwritten(done), [{ key: '5001', outcome: 'failed', code: 'raised_by_trigger', message: '5001 is bad' }])
})

t.test('continue: all but the failing records are written, and each of these is reported', async (t) => {
  const bad = [1, 2, 4_999, 5_000, 5_001, 8_123, 12_000]
  await refusing(...bad)
  const done = await perform('items', { selection: { all: true }, set: { status: 'done' }, onError: 'continue' })
  t.match(done, { ...counts, status: 'completed_with_errors', total, succeeded: total - bad.length, failed: bad.length, error_code: null })
  t.equal((await statusesDone()).length, total - bad.length)
  t.same((await unwritten(done)).map(({ key }) => Number(key)), bad)
  t.same(await rows("SELECT id, version FROM item WHERE status = 'new' OR version <> 2 ORDER BY id"), bad.map((id) => ({ id, version: 1 })), 'each is written once')
})

t.test('continue: a delete does the same', async (t) => {
  await refusing(100, 101)
  await rows('INSERT INTO item (id, name) SELECT n, \'more\' FROM generate_series(20001, 20100) n')
  const done = await perform('items', { selection: { filter: { id: { gt: 20_000 } } }, onError: 'continue' })
  t.match(done, { ...counts, status: 'succeeded', succeeded: 100 })
  await rows('INSERT INTO item (id, name) SELECT n, \'more\' FROM generate_series(20001, 20100) n')
  await rows('INSERT INTO bad VALUES (20050)')
  const again = await perform('items', { selection: { filter: { id: { gt: 20_000 } } }, onError: 'continue' })
  t.match(again, { ...counts, status: 'completed_with_errors', succeeded: 99, failed: 1 })
  await rows('TRUNCATE bad')
  await rows('DELETE FROM item WHERE id > 20000')
})

t.test('continue: if all records are refused, each one is reported', async (t) => {
  await refusing(...Array.from({ length: 300 }, (_, index) => index + 1))
  const done = await perform('items', { selection: { filter: { id: { lte: 300 } } }, set: { status: 'done' }, onError: 'continue' })
  t.match(done, { ...counts, status: 'completed_with_errors', failed: 300 })
  t.equal((await unwritten(done)).length, 300)
})

t.test('constraints that are deferred are checked with their record, not at the commit', async (t) => {
  await refusing()
  await rows(`
    ALTER TABLE item ADD CONSTRAINT priority_is_single UNIQUE (priority, name) DEFERRABLE INITIALLY DEFERRED;
    CREATE FUNCTION late() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF new.id = 4321 THEN RAISE EXCEPTION 'too late'; END IF; RETURN NULL; END $$;
    CREATE CONSTRAINT TRIGGER late AFTER UPDATE ON item DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION late()`)
  t.teardown(() => rows('DROP TRIGGER late ON item; ALTER TABLE item DROP CONSTRAINT priority_is_single'))
  for (const onError of ['rollback', 'continue'] as const) {
    const late = await perform('items', { selection: { all: true }, set: { status: 'held' }, onError })
    t.same(await unwritten(late), [{ key: '4321', outcome: 'failed', code: 'raised_by_trigger', message: 'too late' }])
  }
  await rows("UPDATE item SET name = 'twin', priority = 100 + id WHERE id IN (6, 7)")
  const twins = await perform('items', { selection: { ids: [6, 7] }, set: { priority: 9 }, onError: 'continue' })
  t.match(await unwritten(twins), [{ key: '7', code: 'unique_violation' }])
})

t.test('a deadlock with another session is tried again, whole', async (t) => {
  await refusing()
  const gate = await createGate(database, { table: 'item', on: 'update', when: 'before', row: "new.id = 100 AND new.status = 'done'" })
  const other = await database.connect()
  // Ours is the one that notices, and gives way.
  await other.query("SET deadlock_timeout = '1min'")
  await other.query('BEGIN')
  await other.query("UPDATE item SET notes = 'theirs' WHERE id = 200")
  await gate.close()
  const performed = performBulk(engine, bulkLaunch(engine, 'items', { selection: { filter: { id: { lte: 300 } } }, set: { status: 'done' }, runInRequest: 'always' }))
  await gate.waitUntilReached()
  const theirs = other.query("UPDATE item SET notes = 'theirs' WHERE id = 50")
  await until(async () => (await rows("SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%id = 50%' AND pid <> pg_backend_pid()")).length > 0)
  await gate.open()
  await theirs
  await other.query('COMMIT')
  t.match((await performed).job, { ...counts, status: 'succeeded', succeeded: 300 })
  t.same(await rows('SELECT status, notes FROM item WHERE id IN (50, 200)'), Array(2).fill({ status: 'done', notes: 'theirs' }))
})

t.test('a record that an ordinary transaction locks for too long is reported; the others do not wait for long', async (t) => {
  await refusing()
  const other = await database.connect()
  await other.query('BEGIN')
  await other.query('UPDATE item SET notes = \'mine\' WHERE id IN (40, 4000)')
  const startedAt = performance.now()
  const done = await perform('items', { selection: { all: true }, set: { status: 'done' }, onError: 'continue' })
  const tookMs = performance.now() - startedAt
  await other.query('COMMIT')
  const held = { outcome: 'failed', code: 'lock_timeout', message: 'the record was locked by another transaction for too long' }
  t.same(await unwritten(done), [{ key: '40', ...held }, { key: '4000', ...held }])
  t.match(done, { ...counts, status: 'completed_with_errors', succeeded: total - 2, failed: 2 })
  t.ok(tookMs < 120_000, `it took ${tookMs} ms`)
})
