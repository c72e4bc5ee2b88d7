import t from 'tap'
import { launchUndo } from '../../../src/operations/launch/launch-again.ts'
import { Item } from '../../fixtures/entities.ts'
import { Article, hookEvents, hooked } from '../../fixtures/hooked.ts'
import { seedItems } from '../../fixtures/orm.ts'
import { openBulk } from '../../helpers/bulk.ts'
import { until } from '../../helpers/until.ts'

const counts = { succeeded: 0, unchanged: 0, missing: 0, skipped: 0, failed: 0 }
const total = 100

const { engine, database, orm, client, perform, undo, rows, unwritten, job } = await openBulk(t, {
  resources: { items: { entity: Item, undo: true }, entities: { entity: Item, undo: true, write: 'entity' }, forgetful: { entity: Item } },
  seed: (_client, orm) => seedItems(orm, total)
})
const again = { user: null, view: { em: orm.em.fork(), scope: undefined } }

const state = () => rows(`
  SELECT id, name, status, priority, notes, amount, due_at, owner_id, (SELECT array_agg(label_id ORDER BY label_id) FROM item_labels WHERE item_id = id) AS labels
  FROM item ORDER BY id`)

t.test('records get the values back that they had, each its own', async (t) => {
  await client.query("UPDATE item SET notes = 'note ' || id, amount = id / 7.0, due_at = timestamptz '2026-01-01 00:00:00.123456Z' + id * interval '1 day' WHERE id % 3 > 0")
  const before = await state()
  const versions = await rows('SELECT version FROM item ORDER BY id')
  const done = await perform('items', { selection: { all: true }, set: { status: 'held', notes: null, amount: '1.50', dueAt: '2026-11-24T00:00:00Z', owner: 3, labels: { replace: [1, 5] } } })
  t.match(done, { ...counts, status: 'succeeded', succeeded: total })
  t.notSame(await state(), before)

  const undone = await undo(done)
  t.match(undone, { ...counts, status: 'succeeded', operation: 'undo', undo_of: done.id, succeeded: total, on_error: 'continue' })
  t.same(await state(), before)
  t.same(await rows('SELECT version - 2 AS version FROM item ORDER BY id'), versions, 'an undo is a change like any')
})

t.test('only what was written is undone, and only where it still is what the job wrote', async (t) => {
  await client.query("UPDATE item SET status = 'done' WHERE id = 5")
  const before = await state()
  const done = await perform('items', { selection: { filter: { id: { lte: 10 } } }, set: { status: 'done' } })
  t.match(done, { ...counts, succeeded: 9, unchanged: 1 })
  await client.query("UPDATE item SET status = 'held' WHERE id = 3; UPDATE item SET name = 'mine', notes = 'mine' WHERE id = 4; DELETE FROM item WHERE id = 6; UPDATE item SET status = 'new' WHERE id = 5")

  const undone = await undo(done)
  t.match(undone, { ...counts, status: 'succeeded', total: 9, succeeded: 7, skipped: 1, missing: 1 })
  t.match(await unwritten(undone), [
    { key: '3', outcome: 'skipped', code: 'changed_since', message: 'the record was changed after the job that is to be undone' },
    { key: '6', outcome: 'missing' }
  ])
  const wanted = before.filter(({ id }: { id?: number }) => id !== 6).map((row) => ({
    ...row,
    ...((row as { id: number }).id === 3 && { status: 'held' }),
    ...((row as { id: number }).id === 4 && { name: 'mine', notes: 'mine' }),
    ...((row as { id: number }).id === 5 && { status: 'new' })
  }))
  t.same(await state(), wanted, 'what others have written is not lost')
})

for (const resource of ['items', 'entities']) {
  t.test(`a record that appears again while the others are being locked is left alone (${resource})`, async (t) => {
    const [deleted] = await rows('SELECT * FROM item WHERE id = 8')
    const done = await perform(resource, { selection: { filter: { id: { gte: 7, lte: 10 } } }, set: { notes: `by ${resource}` } })
    await client.query('DELETE FROM item WHERE id = 8')
    const other = await database.connect()
    await other.query('BEGIN')
    await other.query('SELECT FROM item WHERE id = 10 FOR UPDATE')
    const undoing = undo(done)
    await until(async () => (await rows("SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")).length > 0, { what: 'an undo that waits' })
    await client.query('INSERT INTO item SELECT * FROM jsonb_populate_record(NULL::item, $1)', [JSON.stringify(deleted)])
    await other.query('COMMIT')
    const undone = await undoing
    t.match(undone, { status: 'succeeded', succeeded: done.succeeded - 1, failed: 0 })
    t.equal(undone.missing + undone.skipped, 1)
    t.match(await rows('SELECT notes FROM item WHERE id = 8'), [{ notes: (deleted as { notes: string | null }).notes }])
  })
}

t.test('members come back and go, where they alone were changed, too', async (t) => {
  const before = await state()
  for (const change of [{ add: [1, 2] }, { remove: [1, 2] }, { replace: [] }, { replace: [4] }]) {
    const done = await perform('items', { selection: { all: true }, set: { labels: change } })
    await client.query('DELETE FROM item_labels WHERE item_id = 20; INSERT INTO item_labels VALUES (20, 3)')
    const undone = await undo(done)
    t.match(undone, { status: 'succeeded', succeeded: done.succeeded - 1, skipped: 1 }, JSON.stringify(change))
    t.match(await unwritten(undone), [{ key: '20', code: 'changed_since' }])
    await client.query('DELETE FROM item_labels WHERE item_id = 20; INSERT INTO item_labels VALUES (20, 20 % 5 + 1)')
    t.same(await state(), before)
  }
})

t.test('a record of which only members were changed is not written itself', async (t) => {
  const versions = () => rows('SELECT id, version FROM item ORDER BY id')
  await client.query('UPDATE item SET priority = 1; UPDATE item SET priority = 2 WHERE id IN (13, 17)')
  for (const resource of ['items', 'entities']) {
    const before = await state()
    const versionsBefore = await versions()
    const done = await perform(resource, { selection: { filter: { id: { gt: 10, lte: 20 } } }, set: { priority: 1, labels: { replace: [2, 3] } } })
    t.match(done, { ...counts, status: 'succeeded', succeeded: 10 })
    t.match(await undo(done), { ...counts, status: 'succeeded', succeeded: 10 })
    t.same(await state(), before)
    t.same(await versions(), versionsBefore.map((row: { id?: number, version?: number }) => [13, 17].includes(row.id!) ? { ...row, version: row.version! + 2 } : row), resource)
  }
})

t.test('what a trigger made of the values is what is looked for', async (t) => {
  await client.query(`
    CREATE FUNCTION shout() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN new.notes := upper(new.notes) || new.id; RETURN new; END $$;
    CREATE TRIGGER shout BEFORE UPDATE ON item FOR EACH ROW WHEN (new.notes = 'hey') EXECUTE FUNCTION shout()`)
  const before = await state()
  const done = await perform('items', { selection: { all: true }, set: { notes: 'hey' } })
  t.same(await rows("SELECT 1 FROM item WHERE notes <> 'HEY' || id"), [])
  t.match(await undo(done), { ...counts, status: 'succeeded', succeeded: done.succeeded })
  t.same(await state(), before)
})

t.test('where a trigger takes records away, the others still have their own values', async (t) => {
  await client.query(`
    CREATE FUNCTION take_away() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN DELETE FROM item WHERE id = new.id; RETURN NULL; END $$;
    CREATE TRIGGER take_away AFTER UPDATE ON item FOR EACH ROW WHEN (new.notes = 'away' AND new.id IN (51, 53)) EXECUTE FUNCTION take_away();
    CREATE FUNCTION place_of() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN new.priority := new.id; RETURN new; END $$;
    CREATE TRIGGER place_of BEFORE UPDATE ON item FOR EACH ROW WHEN (new.notes = 'away') EXECUTE FUNCTION place_of()`)
  const before = (await state()).filter(({ id }: { id?: number }) => ![51, 53].includes(id!))
  const done = await perform('items', { selection: { ids: [50, 51, 52, 53, 54] }, set: { notes: 'away', priority: 1 } })
  t.match(done, { status: 'succeeded' })
  t.match(await undo(done), { ...counts, status: 'succeeded', succeeded: 3, missing: 2 })
  t.same(await state(), before)
  await client.query('DROP TRIGGER take_away ON item; DROP TRIGGER place_of ON item')
})

t.test('a record whose old value the database refuses by now fails alone', async (t) => {
  await client.query('UPDATE item SET owner_id = 9 WHERE id IN (30, 31)')
  const done = await perform('items', { selection: { ids: [30, 31, 32] }, set: { owner: 1 } })
  await client.query('DELETE FROM item WHERE owner_id = 9; DELETE FROM owner WHERE id = 9')
  const undone = await undo(done)
  t.match(undone, { ...counts, status: 'completed_with_errors', succeeded: 1, failed: 2 })
  t.match(await unwritten(undone), [30, 31].map((id) => ({ key: String(id), outcome: 'failed', code: 'foreign_key_violation' })))
})

t.test('what was committed before a job failed or was cancelled can be undone', async (t) => {
  await client.query('ALTER TABLE item ADD CONSTRAINT not_40 CHECK (id <> 40 OR priority <> 50)')
  const before = await state()
  const done = await perform('items', { selection: { filter: { id: { gt: 34 } } }, set: { priority: 50 }, onError: 'continue' })
  t.match(done, { status: 'completed_with_errors', failed: 1 })
  t.match(await undo(done), { ...counts, status: 'succeeded', succeeded: done.succeeded })
  t.same(await state(), before)

  const rolledBack = await perform('items', { selection: { filter: { id: { gt: 34 } } }, set: { priority: 50 } })
  t.match(rolledBack, { status: 'failed', succeeded: 0 })
  await t.rejects(launchUndo(engine, rolledBack, again), { code: 'wrong_state' }, 'a job that was rolled back left nothing')
  t.same(await rows(`SELECT 1 FROM powercrud.image WHERE job_id = '${rolledBack.id}'`), [])
})

t.test('hooks and rules have their say in an undo, too', async (t) => {
  const { rows, perform, undo, unwritten } = await openBulk(t, {
    entities: hooked,
    resources: {
      articles: { entity: Article, undo: true, validate: ({ title }: { title: string }) => title !== 'old 4' || 'old 4 is not wanted any more' },
      unruled: { entity: Article, undo: true }
    },
    async seed (client) {
      await client.query(`
        INSERT INTO topic SELECT n, 'topic ' || n FROM generate_series(1, 5) n;
        INSERT INTO article (id, title, slug, topic_id) SELECT n, 'old ' || n, 'slug', n FROM generate_series(1, 5) n;
        INSERT INTO article_topics SELECT n, n FROM generate_series(1, 5) n`)
    }
  })
  const state = () => rows('SELECT id, title, slug, topic_id, (SELECT array_agg(topic_id ORDER BY topic_id) FROM article_topics WHERE article_id = id) AS topics FROM article t ORDER BY id')
  const done = await perform('unruled', { selection: { all: true }, set: { title: 'New', slug: 'given', topic: 1, topics: { add: [1, 2] } } })
  t.match(done, { status: 'succeeded', succeeded: 5 })
  await rows("UPDATE article SET title = 'mine' WHERE id = 2; UPDATE article SET stars = 9 WHERE id = 3")
  hookEvents.length = 0
  const undone = await undo(done)
  t.match(undone, { ...counts, status: 'succeeded', succeeded: 4, skipped: 1 })
  t.match(await unwritten(undone), [{ key: '2', outcome: 'skipped', code: 'changed_since' }])
  t.same(hookEvents.filter((what) => what.startsWith('beforeUpdate')), [1, 3, 4, 5].map((id) => `beforeUpdate ${id}`))
  t.same(await state(), [1, 2, 3, 4, 5].map((id) => id === 2
    ? { id, title: 'mine', slug: 'new', topic_id: 1, topics: [1, 2] }
    : { id, title: `old ${id}`, slug: `old ${id}`, topic_id: id, topics: [id] }), 'the slug is what the hook makes of the title, not what it was')

  const again = await perform('articles', { selection: { ids: [4, 5] }, set: { title: 'newer' } })
  const refused = await undo(again)
  t.match(refused, { ...counts, status: 'completed_with_errors', succeeded: 1, failed: 1 })
  t.match(await unwritten(refused), [{ key: '4', outcome: 'failed', code: 'rule_refused', message: 'old 4 is not wanted any more' }])
})

t.test('one undo for each job, and none of an undo, or of a job that kept nothing', async (t) => {
  const done = await perform('items', { selection: { ids: [1, 2] }, set: { notes: 'once' } })
  const launches = await Promise.allSettled(Array.from({ length: 5 }, () => launchUndo(engine, done, again)))
  const [launched, ...others] = launches.filter(({ status }) => status === 'fulfilled') as PromiseFulfilledResult<typeof done>[]
  t.same(others, [], 'of those that race, one is launched')
  for (const refused of launches) if (refused.status === 'rejected') t.match(refused.reason, { code: 'wrong_state', jobId: launched!.value.id })
  await t.rejects(launchUndo(engine, launched!.value, again), { code: 'wrong_state' })

  const forgotten = await perform('forgetful', { selection: { ids: [3] }, set: { notes: 'once' } })
  await t.rejects(launchUndo(engine, await job(forgotten.id), again), { code: 'wrong_state' })
  t.same(await rows(`SELECT 1 FROM powercrud.image WHERE job_id = '${forgotten.id}'`), [])
})

t.test('what was kept goes with its job', async (t) => {
  const [kept] = await rows<{ count: number }>('SELECT count(*)::int AS count FROM powercrud.image')
  t.ok(kept!.count > 0)
  await engine.database.query(`DELETE FROM ${engine.tables.jobChunk}`)
  t.same(await rows('SELECT 1 FROM powercrud.image'), [])
})
