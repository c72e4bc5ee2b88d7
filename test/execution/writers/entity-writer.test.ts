import { defineEntity, p } from '@mikro-orm/core'
import { Type } from '@sinclair/typebox'
import t from 'tap'
import { performBulk } from '../../../src/operations/launch/perform-bulk.ts'
import { problem } from '../../../src/errors.ts'
import { Article, ArticleListener, hookEvents, hooked, Topic } from '../../fixtures/hooked.ts'
import { openBulk } from '../../helpers/bulk.ts'
import { bulkLaunch } from '../../helpers/engine.ts'
import { createGate } from '../../helpers/gate.ts'

const counts = { succeeded: 0, unchanged: 0, missing: 0, skipped: 0, failed: 0 }
const total = 1_000

const bulk = await openBulk(t, {
  entities: hooked,
  options: { subscribers: [new ArticleListener([Topic as never])] },
  resources: {
    articles: { entity: Article },
    ruled: {
      entity: Article,
      validate: ({ id, title }: { id: number, title: string }, { user, set }: { user: unknown, set: object }) => {
        if (title === 'broken') throw new TypeError('a slip of the pen')
        if (title === 'odd' && id % 2 === 1) throw Object.assign(new Error(`${id} must not be odd`), { field: 'title' })
        if (title === 'context') return { message: `${JSON.stringify(user)} ${JSON.stringify(set)}`, field: 'title' }
        if (title === 'false') return false
      }
    },
    schemed: { entity: Article, validate: Type.Object({ title: Type.String({ minLength: 3 }), updatedAt: Type.String({ format: 'date-time' }), topic: Type.Union([Type.Null(), Type.Integer()]) }) },
    strict: { entity: Article, validate: Type.Object({ title: Type.String({ format: 'date' }) }) },
    unruled: { entity: Article, bulkFullClean: false, validate: () => false }
  },
  async seed (client) {
    await client.query("INSERT INTO topic SELECT n, 'topic ' || n FROM generate_series(1, 5) n")
  }
})
const { database, engine, perform, rows, unwritten } = bulk

t.beforeEach(async () => {
  await rows('TRUNCATE article, article_topics, comment')
  await rows(`INSERT INTO article (id, title, slug) SELECT n, 'Old ' || n, 'slug ' || n FROM generate_series(1, ${total}) n`)
  hookEvents.length = 0
})

t.test('hooks run for each record, before and after, and what they change is written', async (t) => {
  const job = await perform('articles', { selection: { ids: [1, 2, 3, 5_000] }, set: { title: 'New' } })
  t.match(job, { ...counts, status: 'succeeded', succeeded: 3, missing: 1 })
  t.same(hookEvents, ['beforeUpdate 1', 'beforeUpdate 2', 'beforeUpdate 3', 'afterUpdate 1', 'afterUpdate 2', 'afterUpdate 3'])
  t.same(await rows("SELECT id, slug, version, updated_at > now() - interval '1 minute' AS touched FROM article WHERE title = 'New' ORDER BY id"),
    [1, 2, 3].map((id) => ({ id, slug: 'new', version: 2, touched: true })))
})

t.test('a rule judges as strictly as a route: what a body may not say, a record may not either', async (t) => {
  t.match(await perform('strict', { selection: { ids: [1] }, set: { title: '2026-01-31' } }), { status: 'succeeded' })
  t.match(await perform('strict', { selection: { ids: [2] }, set: { title: '0000-01-31' } }), { status: 'failed', error_row_code: 'rule_refused' })
})

t.test('records that have the values are not written, and no hook runs', async (t) => {
  const job = await perform('articles', { selection: { all: true }, set: { stars: null, topic: null, topics: { remove: [1] } } })
  t.match(job, { ...counts, status: 'succeeded', unchanged: total })
  t.same(hookEvents, [])
})

t.test('members alone are a change, though not of the record', async (t) => {
  await rows('INSERT INTO article_topics VALUES (1, 1), (2, 2)')
  const change = (topics: object) => perform('articles', { selection: { ids: [1, 2, 3] }, set: { topics } })
  t.match(await change({ add: [1], remove: [2] }), { ...counts, succeeded: 2, unchanged: 1 })
  t.match(await change({ replace: [1] }), { ...counts, unchanged: 3 })
  t.match(await change({ replace: [3, 1] }), { ...counts, succeeded: 3 })
  t.same(await rows('SELECT * FROM article_topics ORDER BY 1, 2'), [1, 2, 3].flatMap((article) => [1, 3].map((topic) => ({ article_id: article, topic_id: topic }))))
  t.same(await rows('SELECT DISTINCT version FROM article'), [{ version: 1 }])
  t.match(await perform('articles', { selection: { ids: [1, 2] }, set: { topics: { add: [3] }, topic: 4 } }), { succeeded: 2 })
  t.same(await rows('SELECT id FROM article WHERE topic_id = 4 AND version = 2 ORDER BY id'), [{ id: 1 }, { id: 2 }])
})

t.test('an error of a hook is reported without its message, and logged; the other records are written', async (t) => {
  const job = await perform('articles', { selection: { all: true }, set: { title: 'refused for 3' }, onError: 'continue' })
  t.match(job, { ...counts, status: 'completed_with_errors', succeeded: total - 1, failed: 1 })
  t.same(await unwritten(job), [{ key: '3', outcome: 'failed', code: 'hook_failed', message: 'a hook of the application failed for the record' }])
  t.ok(bulk.logged.some(({ details }) => /a slip/.test(String((details as { err?: { cause?: unknown } }).err?.cause))))

  const rolledBack = await perform('articles', { selection: { ids: [7, 8] }, set: { title: 'refused' } })
  t.match(rolledBack, { ...counts, status: 'failed', failed: 1, error_code: 'rolled_back', error_row_code: 'hook_failed' })
  t.notMatch(rolledBack.error_message, /secret/)
})

t.test('a hook that throws an error of ours is reported with its code and message', async (t) => {
  const hooks = engine.orm.getMetadata().get(Article).hooks
  const kept = hooks.beforeUpdate
  hooks.beforeUpdate = [() => { throw problem('rule_refused', 'not today', { errors: [{ path: 'title', message: 'not today' }] }) }]
  t.teardown(() => { hooks.beforeUpdate = kept })
  const job = await perform('articles', { selection: { ids: [1] }, set: { title: 'x' }, onError: 'continue' })
  t.same(await unwritten(job), [{ key: '1', outcome: 'failed', code: 'rule_refused', message: 'not today', field: 'title' }])
})

t.test('what the database refuses in a flush is reported as elsewhere, and found by bisecting', async (t) => {
  await rows('ALTER TABLE article DROP CONSTRAINT IF EXISTS star_rule; ALTER TABLE article ADD CONSTRAINT star_rule CHECK (stars < 5 OR id NOT IN (77, 650))')
  await rows("COMMENT ON CONSTRAINT star_rule ON article IS 'too many stars'")
  const job = await perform('articles', { selection: { all: true }, set: { stars: 9 }, onError: 'continue' })
  t.match(job, { ...counts, status: 'completed_with_errors', succeeded: total - 2, failed: 2 })
  t.same(await unwritten(job), ['77', '650'].map((key) => ({ key, outcome: 'failed', code: 'check_violation', message: 'too many stars', field: 'stars' })))
  t.same(await rows('SELECT DISTINCT version FROM article WHERE stars = 9'), [{ version: 2 }], 'each is written once')
})

t.test('a rule validates each changed record, and its message is reported', async (t) => {
  const run = async (title: string, ids = [1, 2, 3]) => {
    const job = await perform('ruled', { selection: { ids }, set: { title }, onError: 'continue', user: { id: '7', label: 'ada' } })
    return { job, refused: await unwritten(job) }
  }
  const odd = await run('odd')
  t.match(odd.job, { ...counts, succeeded: 1, failed: 2 })
  t.same(odd.refused, ['1', '3'].map((key) => ({ key, outcome: 'failed', code: 'rule_refused', message: `${key} must not be odd`, field: 'title' })))
  t.same(await rows("SELECT id FROM article WHERE title = 'odd'"), [{ id: 2 }])

  t.match((await run('context', [1])).refused, [{ code: 'rule_refused', message: '{"id":"7","label":"ada"} {"title":"context"}', field: 'title' }])
  t.match((await run('false', [1])).refused, [{ code: 'rule_refused', message: 'a rule of the application refused the change' }])
  t.match((await run('broken', [1])).refused, [{ code: 'hook_failed', message: 'a hook of the application failed for the record' }])
  const rolledBack = await perform('ruled', { selection: { ids: [2, 4, 5] }, set: { title: 'odd' } })
  t.match(rolledBack, { ...counts, status: 'failed', failed: 1, error_row_code: 'rule_refused', error_message: 'a record failed, and everything was rolled back: 5 must not be odd' })
})

t.test('a schema of the record is a rule, over its JSON', async (t) => {
  const job = await perform('schemed', { selection: { ids: [1] }, set: { title: 'x' }, onError: 'continue' })
  t.same(await unwritten(job), [{ key: '1', outcome: 'failed', code: 'rule_refused', message: 'title must NOT have fewer than 3 characters', field: 'title' }])
  t.match(await perform('schemed', { selection: { ids: [1] }, set: { title: 'long', topic: 2 } }), { succeeded: 1 })
  t.match(await perform('unruled', { selection: { ids: [2] }, set: { title: 'y' } }), { succeeded: 1 }, 'bulkFullClean: false does not ask')
})

t.test('a delete runs hooks, and takes along what belongs to the record, hooks and all', async (t) => {
  await rows('INSERT INTO comment (id, article_id, answers_id) VALUES (1, 1, NULL), (2, 1, 1), (3, 1, 2), (4, 2, NULL)')
  const job = await perform('articles', { selection: { ids: [1, 3, 9_999] } })
  t.match(job, { ...counts, status: 'succeeded', succeeded: 2, missing: 1 })
  t.same(hookEvents.filter((event) => event.startsWith('beforeDelete of comment')).sort(), [1, 2, 3].map((id) => `beforeDelete of comment ${id}`))
  t.same(hookEvents.filter((event) => /^(before|after)Delete \d/.test(event)).sort(), ['afterDelete 1', 'afterDelete 3', 'beforeDelete 1', 'beforeDelete 3'])
  t.same(await rows('SELECT id FROM comment'), [{ id: 4 }])
})

t.test('a row that another transaction changes meanwhile is waited for, and no version conflicts', async (t) => {
  const gate = await createGate(database, { table: 'powercrud.job', on: 'insert' })
  const other = await database.connect()
  await gate.close()
  const performed = performBulk(engine, bulkLaunch(engine, 'articles', { selection: { ids: [1, 2] }, set: { stars: 3 }, runInRequest: 'always' }))
  await gate.waitUntilReached()
  await other.query("UPDATE article SET title = 'Mine', version = version + 1 WHERE id = 2")
  await gate.open()
  t.match((await performed).job, { ...counts, status: 'succeeded', succeeded: 2 })
  t.same(await rows('SELECT title, stars, version FROM article WHERE id = 2'), [{ title: 'Mine', stars: 3, version: 3 }])
})

t.test('subscribers and tables of each class: records of a hierarchy are written whole', async (t) => {
  const Vehicle = defineEntity({
    name: 'Vehicle', inheritance: 'tpt', properties: { id: p.integer().primary(), name: p.string(), version: p.integer().version() }
  })
  const Car = defineEntity({ name: 'Car', extends: Vehicle, properties: { doors: p.integer() } })
  const { perform, rows, engine } = await openBulk(t, {
    entities: [Vehicle, Car],
    options: { subscribers: [new ArticleListener([])] },
    resources: { vehicles: { entity: Vehicle }, cars: { entity: Car } },
    async seed (client) {
      await client.query("INSERT INTO vehicle (id, name) SELECT n, 'v' FROM generate_series(1, 4) n; INSERT INTO car (id, doors) SELECT n, 4 FROM generate_series(3, 4) n")
    }
  })
  t.match(engine.resources.get('cars')!.writing, { update: { way: 'entity', why: /Car has a table for each of its classes; ArticleListener listens to afterUpdate/ }, delete: { way: 'entity' } })
  t.match(await perform('cars', { selection: { ids: [1, 3, 4] }, set: { name: 'c', doors: 2 } }), { succeeded: 2, missing: 1 })
  t.match(await perform('vehicles', { selection: { all: true }, set: { name: 'all' } }), { succeeded: 4 })
  t.same(await rows('SELECT v.name, v.version, c.doors FROM vehicle v LEFT JOIN car c USING (id) ORDER BY id'), [
    { name: 'all', version: 2, doors: null }, { name: 'all', version: 2, doors: null }, { name: 'all', version: 3, doors: 2 }, { name: 'all', version: 3, doors: 2 }
  ])
  t.ok(hookEvents.includes('listener 3'))
  t.match(await perform('cars', { selection: { ids: [4] } }), { succeeded: 1 })
  t.same(await rows('SELECT (SELECT count(*)::int FROM vehicle) AS vehicles, (SELECT count(*)::int FROM car) AS cars'), [{ vehicles: 3, cars: 1 }])
})
