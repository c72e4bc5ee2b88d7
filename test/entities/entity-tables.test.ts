import { defineEntity, p } from '@mikro-orm/core'
import { MikroORM, type Options } from '@mikro-orm/postgresql'
import t from 'tap'
import type { JobRow } from '../../src/engine/job-row.ts'
import { assertUnlockedIn } from '../../src/jobs/locks/assert-unlocked.ts'
import { readJob } from '../../src/jobs/store/job-rows.ts'
import { launchUndo } from '../../src/operations/launch/launch-again.ts'
import { performBulk } from '../../src/operations/launch/perform-bulk.ts'
import { launchTask } from '../../src/operations/tasks/launch-task.ts'
import { createEngineDatabase } from '../helpers/engine-database.ts'
import { bulkLaunch, openEngine, work, type TestResource } from '../helpers/engine.ts'
import type { TestScope } from '../helpers/test-scope.ts'

const Tag = defineEntity({ name: 'Tag', properties: { id: p.integer().primary(), name: p.string() } })
const Owner = defineEntity({ name: 'Owner', properties: { id: p.integer().primary(), name: p.string() } })
const properties = {
  id: p.integer().primary(),
  name: p.string(),
  owner: () => p.manyToOne(Owner).nullable(),
  tags: () => p.manyToMany(Tag)
}

/** Everything that a thing has to do with, in one schema; the tables of two schemas differ in the records' names alone. */
const tablesOf = (schema: string, name: string) => `
  CREATE SCHEMA IF NOT EXISTS ${schema};
  CREATE TABLE ${schema}.owner (id int PRIMARY KEY, name text);
  CREATE TABLE ${schema}.tag (id int PRIMARY KEY, name text);
  CREATE TABLE ${schema}.thing (id int PRIMARY KEY, name text, owner_id int REFERENCES ${schema}.owner);
  CREATE TABLE ${schema}.thing_tags (
    thing_id int REFERENCES ${schema}.thing ON DELETE CASCADE, tag_id int REFERENCES ${schema}.tag ON DELETE CASCADE, PRIMARY KEY (thing_id, tag_id));
  INSERT INTO ${schema}.owner VALUES (1, '${name}');
  INSERT INTO ${schema}.tag VALUES (1, '${name}');
  INSERT INTO ${schema}.thing VALUES (1, '${name}', NULL), (2, '${name}', 1);
  INSERT INTO ${schema}.thing_tags VALUES (2, 1);`

interface Opening {
  sql: string
  options?: Partial<Options>
  entities: NonNullable<Options['entities']>
  resources: Record<string, TestResource>
}

async function open (t: TestScope, { sql, options, entities, resources }: Opening) {
  const database = await createEngineDatabase(t)
  const client = await database.connect()
  await client.query(sql)
  const orm = await MikroORM.init({ clientUrl: database.url, entities, ...options } as Options)
  t.teardown(() => orm.close(true))
  const { engine } = await openEngine(t, { orm, resources: resources as never, settings: { tasks: { idle: async () => {} } } })
  return {
    orm,
    engine,
    client,
    rows: async (text: string) => (await client.query(text)).rows as Record<string, unknown>[],
    async perform (launch: Parameters<typeof bulkLaunch>[2], resource = 'things') {
      const { job } = await performBulk(engine, bulkLaunch(engine, resource, { runInRequest: 'always', ...launch }))
      return job
    },
    async undo (job: JobRow) {
      const undo = await launchUndo(engine, job, { user: null, view: { em: orm.em.fork(), scope: undefined } })
      return (await readJob(engine.database, engine.tables, undo.id))!
    }
  }
}

const searchPath = (schemas: string): Partial<Options> => ({ driverOptions: { options: `-c search_path=${schemas}` } })

t.test('every statement is about the table that the entity is in, where two schemas have one of its name', async (t) => {
  const both = `${tablesOf('public', 'in public')} ${tablesOf('app', 'in app')}`
  const Plain = () => defineEntity({ name: 'Thing', properties })
  const cases: [string, () => ReturnType<typeof defineEntity>, Partial<Options>, string][] = [
    ["the ORM's schema", Plain as never, { schema: 'app' }, 'app'],
    ["the session's search path", Plain as never, searchPath('app,public'), 'app'],
    ["the session's search path, the other way round", Plain as never, searchPath('public,app'), 'public'],
    ['none', Plain as never, {}, 'public'],
    ["the ORM's schema against the search path", Plain as never, { schema: 'app', ...searchPath('public') }, 'app']
  ]
  for (const [what, entity, options, own] of cases) {
    for (const write of ['set', 'entity'] as const) {
      await t.test(`${what}, written by ${write}`, async (t) => {
        const Thing = entity()
        const other = own === 'app' ? 'public' : 'app'
        const { engine, rows, perform, undo } = await open(t, {
          sql: both, options, entities: [Thing, Owner, Tag], resources: { things: { entity: Thing, bulkFields: ['name', 'owner', 'tags'], write, undo: true } }
        })
        t.equal(engine.resources.get('things')!.root, `${own}.thing`)
        const untouched = await rows(`SELECT * FROM ${other}.thing, ${other}.thing_tags ORDER BY id`)
        const before = await rows(`SELECT * FROM ${own}.thing, ${own}.thing_tags ORDER BY id`)
        const updated = await perform({ selection: { filter: { name: `in ${own}` } }, set: { name: 'new', owner: 1, tags: { add: [1] } } })
        t.match(updated, { status: 'succeeded', succeeded: 2 })
        t.same(await rows(`SELECT id, name, owner_id FROM ${own}.thing ORDER BY id`), [{ id: 1, name: 'new', owner_id: 1 }, { id: 2, name: 'new', owner_id: 1 }])
        t.same(await rows(`SELECT thing_id FROM ${own}.thing_tags ORDER BY 1`), [{ thing_id: 1 }, { thing_id: 2 }])
        const undone = await undo(updated)
        t.equal(undone.status, 'queued')
        await work(engine, undone)
        t.same(await rows(`SELECT * FROM ${own}.thing, ${own}.thing_tags ORDER BY id`), before)
        const deleted = await perform({ selection: { ids: [2] } })
        t.match(deleted, { status: 'succeeded', succeeded: 1 })
        t.same(await rows(`SELECT id FROM ${own}.thing`), [{ id: 1 }])
        await work(engine, await undo(deleted))
        t.same(await rows(`SELECT * FROM ${own}.thing, ${own}.thing_tags ORDER BY id`), before)
        t.same(await rows(`SELECT * FROM ${other}.thing, ${other}.thing_tags ORDER BY id`), untouched)
      })
    }
  }
})

t.test('resources on tables of one name in two schemas know nothing of each other', async (t) => {
  const App = defineEntity({ name: 'AppThing', tableName: 'thing', schema: 'app', properties: { id: p.integer().primary(), name: p.string() } })
  const Public = defineEntity({ name: 'PublicThing', tableName: 'thing', schema: 'public', properties: { id: p.integer().primary(), name: p.string() } })
  const { engine, rows, perform } = await open(t, {
    sql: `${tablesOf('public', 'in public')} ${tablesOf('app', 'in app')}`,
    entities: [App, Public],
    resources: { apps: { entity: App, bulkFields: ['name'] }, publics: { entity: Public, bulkFields: ['name'] } }
  })
  await launchTask(engine, 'idle', null, { conflicts: { AppThing: [1] } })
  await t.rejects(assertUnlockedIn(engine, App, [1]), { code: 'records_locked' })
  await assertUnlockedIn(engine, Public, [1])
  await t.rejects(perform({ selection: { ids: [1] }, set: { name: 'x' } }, 'apps'), { code: 'records_locked' })
  t.match(await perform({ selection: { ids: [1] }, set: { name: 'x' } }, 'publics'), { status: 'succeeded' })
  t.same(await rows('SELECT name FROM app.thing UNION ALL SELECT name FROM public.thing WHERE id = 1'), [{ name: 'in app' }, { name: 'in app' }, { name: 'x' }])
})

t.test('an entity that is no resource is locked in the schema of the ORM', async (t) => {
  const Thing = defineEntity({ name: 'Thing', properties })
  const { engine, rows } = await open(t, {
    sql: tablesOf('app', 'in app'), options: { schema: 'app' }, entities: [Thing, Owner, Tag], resources: {}
  })
  await launchTask(engine, 'idle', null, { conflicts: { Thing: [2] } })
  t.same(await rows('SELECT DISTINCT root FROM powercrud.chunk WHERE living'), [{ root: 'app.thing' }])
  await t.rejects(assertUnlockedIn(engine, Thing, [2]), { code: 'records_locked' })
})

t.test('an EntityManager with another schema than that of the table is refused', async (t) => {
  const Thing = defineEntity({ name: 'Thing', properties })
  const { orm, perform } = await open(t, {
    sql: `${tablesOf('public', 'in public')} ${tablesOf('app', 'in app')}`, entities: [Thing, Owner, Tag], resources: { things: { entity: Thing, bulkFields: ['name'] } }
  })
  const launch = (schema: string) => perform({ selection: { all: true }, set: { name: 'x' }, view: { em: orm.em.fork({ schema }), scope: undefined } })
  await t.rejects(launch('app'), { code: 'invalid_options', message: /has the schema app, and Thing was registered in public/ })
  t.match(await launch('public'), { status: 'succeeded', succeeded: 2 })
})

t.test('at registration, a resource is refused whose table', async (t) => {
  const simple = { id: p.integer().primary(), name: p.string() }
  const table = (name: string) => `CREATE TABLE ${name} (id int PRIMARY KEY, name text);`
  const Thing = () => defineEntity({ name: 'Thing', properties: simple })
  const cases: [string, Partial<Opening> & { sql: string }, RegExp][] = [
    ['depends on who asks', { sql: table('thing'), entities: [defineEntity({ name: 'Thing', schema: '*', properties: simple })] }, /resources\.things\.entity: Thing has the schema '\*'/],
    ['is not there', { sql: '' }, /resources\.things\.entity: Thing: no schema of the search path has a table thing; create it first/],
    ['is in another schema', { sql: `CREATE SCHEMA app; ${table('app.thing')}` }, /no schema of the search path has a table thing/],
    ["is not in the ORM's schema", { sql: table('thing'), options: { schema: 'app' } }, /there is no table app\.thing/],
    [
      'is declared public and hidden',
      { sql: `CREATE SCHEMA app; ${table('app.thing')} ${table('thing')}`, options: searchPath('app,public'), entities: [defineEntity({ name: 'Thing', schema: 'public', properties: simple })] },
      /declared in the schema public, .* the search path finds app\.thing/
    ],
    [
      'is found by a search path that only some connections have',
      {
        sql: `CREATE SCHEMA app; ${table('app.thing')} ${table('thing')}`,
        options: { onCreateConnection: async (connection: unknown) => { await (connection as { executeQuery (query: object): Promise<unknown> }).executeQuery((await import('kysely')).CompiledQuery.raw('SET search_path = app')) } }
      },
      /MikroORM's connections find app\.thing, and connections with the same options find public\.thing/
    ],
    ['is a view', { sql: `${table('base')} CREATE VIEW thing AS SELECT * FROM base` }, /public\.thing is a view/],
    ['is a materialized view', { sql: `${table('base')} CREATE MATERIALIZED VIEW thing AS SELECT * FROM base` }, /public\.thing is a materialized view/],
    ['is a foreign table', { sql: 'CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w; CREATE FOREIGN TABLE thing (id int, name text) SERVER s' }, /public\.thing is a foreign table/],
    ['is inherited from', { sql: `${table('thing')} CREATE TABLE child () INHERITS (thing)` }, /other tables inherit from public\.thing/],
    [
      'is a partition',
      { sql: 'CREATE TABLE whole (id int PRIMARY KEY, name text) PARTITION BY RANGE (id); CREATE TABLE thing PARTITION OF whole DEFAULT' },
      /public\.thing is a partition of whole/
    ],
    ['generates a field', { sql: "CREATE TABLE thing (id int PRIMARY KEY, name text GENERATED ALWAYS AS ('x') STORED)" }, /resources\.things\.bulkFields: name: the column name is generated/]
  ]
  for (const [what, opening, message] of cases) {
    await t.test(what, async (t) => {
      const entities = (opening.entities ?? [Thing()]) as never[]
      await t.rejects(
        open(t, { ...opening, entities, resources: { things: { entity: entities[0]!, bulkFields: ['name'] } } }),
        { code: 'invalid_options', message }
      )
    })
  }
  await t.test('has a pivot table that is not there', async (t) => {
    const Entity = defineEntity({ name: 'Thing', properties })
    await t.rejects(
      open(t, { sql: `${tablesOf('public', 'x')} DROP TABLE thing_tags`, entities: [Entity, Owner, Tag], resources: { things: { entity: Entity, bulkFields: ['tags'] } } }),
      { code: 'invalid_options', message: /resources\.things\.bulkFields: tags: .*thing_tags/ }
    )
  })
})

t.test('a partitioned table is updated, deleted from and undone in all of its partitions', async (t) => {
  const Thing = defineEntity({ name: 'Thing', properties: { id: p.integer().primary(), region: p.integer().primary(), name: p.string() } })
  const Note = defineEntity({ name: 'Note', properties: { id: p.integer().primary(), text: p.string() } })
  const { engine, rows, perform, undo } = await open(t, {
    sql: `
      CREATE TABLE thing (id int, region int, name text, PRIMARY KEY (id, region)) PARTITION BY LIST (region);
      CREATE TABLE thing_1 PARTITION OF thing FOR VALUES IN (1);
      CREATE TABLE thing_2 PARTITION OF thing FOR VALUES IN (2);
      CREATE TABLE note (id int PRIMARY KEY, text text, thing_id int, thing_region int, FOREIGN KEY (thing_id, thing_region) REFERENCES thing ON DELETE CASCADE);
      INSERT INTO thing SELECT id, region, 'old' FROM generate_series(1, 2) id, generate_series(1, 2) region;
      INSERT INTO note VALUES (1, 'about 2 1', 2, 1), (2, 'about 2 2', 2, 2), (3, 'free', NULL, NULL);`,
    entities: [Thing, Note],
    resources: { things: { entity: Thing, bulkFields: ['name'], undo: true }, notes: { entity: Note, bulkFields: ['text'] } }
  })
  t.equal(engine.resources.get('things')!.root, 'public.thing')
  const before = await rows('SELECT tableoid::regclass::text AS part, * FROM thing ORDER BY id, region')
  const updated = await perform({ selection: { all: true }, set: { name: 'new' } })
  t.match(updated, { status: 'succeeded', succeeded: 4 })
  t.same(await rows("SELECT count(*)::int AS n FROM thing WHERE name = 'new'"), [{ n: 4 }])
  await work(engine, await undo(updated))
  t.same(await rows('SELECT tableoid::regclass::text AS part, * FROM thing ORDER BY id, region'), before)

  await launchTask(engine, 'idle', null, { conflicts: { notes: [2] } })
  const held = await perform({ selection: { all: true }, onError: 'continue' })
  t.match(held, { succeeded: 3, failed: 1 }, 'a record that goes along is held by another job')
  t.same(await rows('SELECT id, region FROM thing'), [{ id: 2, region: 2 }])
  t.same(await rows('SELECT id FROM note ORDER BY id'), [{ id: 2 }, { id: 3 }])
})

t.test('a record that refers to one partition, or from one, goes along with no delete while another job holds it', async (t) => {
  const Thing = defineEntity({ name: 'Thing', properties: { id: p.integer().primary(), name: p.string() } })
  const Note = defineEntity({ name: 'Note', properties: { id: p.integer().primary(), text: p.string() } })
  const { engine, rows, perform } = await open(t, {
    sql: `
      CREATE TABLE thing (id int PRIMARY KEY, name text) PARTITION BY RANGE (id);
      CREATE TABLE thing_1 PARTITION OF thing FOR VALUES FROM (1) TO (100);
      CREATE TABLE thing_2 PARTITION OF thing FOR VALUES FROM (100) TO (200);
      CREATE TABLE note (id int PRIMARY KEY, text text, thing_id int) PARTITION BY RANGE (id);
      CREATE TABLE note_1 PARTITION OF note FOR VALUES FROM (1) TO (100);
      CREATE TABLE note_2 PARTITION OF note FOR VALUES FROM (100) TO (200);
      ALTER TABLE note_1 ADD FOREIGN KEY (thing_id) REFERENCES thing_1 ON DELETE CASCADE;
      INSERT INTO thing VALUES (1, 'a'), (2, 'a'), (100, 'a');
      INSERT INTO note VALUES (1, 'a', 1), (2, 'a', 2), (100, 'a', 1);`,
    entities: [Thing, Note],
    resources: { things: { entity: Thing }, notes: { entity: Note, bulkFields: ['text'] } }
  })
  await launchTask(engine, 'idle', null, { conflicts: { notes: [1] } })
  t.match(await perform({ selection: { all: true }, onError: 'continue' }), { succeeded: 2, failed: 1 })
  t.same(await rows('SELECT id FROM thing'), [{ id: 1 }])
  t.same(await rows('SELECT id FROM note ORDER BY id'), [{ id: 1 }, { id: 100 }])
})

t.test('under row-level security, what is hidden is missing, and what may not be written so fails; nothing else is claimed', async (t) => {
  const Thing = defineEntity({ name: 'Thing', properties: { id: p.integer().primary(), name: p.string() } })
  const database = await createEngineDatabase(t)
  const client = await database.connect()
  const role = `rls_${new URL(database.url).pathname.slice(1)}`
  await client.query(`
    CREATE ROLE ${role} LOGIN PASSWORD 'secret';
    GRANT ALL ON SCHEMA powercrud, bullmq, public TO ${role};
    GRANT ALL ON ALL TABLES IN SCHEMA powercrud, bullmq TO ${role};
    GRANT ALL ON ALL SEQUENCES IN SCHEMA powercrud, bullmq TO ${role};
    CREATE TABLE thing (id int PRIMARY KEY, name text);
    INSERT INTO thing VALUES (1, 'a'), (2, 'a'), (3, 'hidden');
    GRANT ALL ON thing TO ${role};
    ALTER TABLE thing ENABLE ROW LEVEL SECURITY;
    CREATE POLICY seen ON thing USING (name <> 'hidden') WITH CHECK (name <> 'refused' OR id <> 1);`)
  t.teardown(() => client.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`))
  const url = new URL(database.url)
  url.username = role
  url.password = 'secret'
  const orm = await MikroORM.init({ clientUrl: url.href, entities: [Thing] })
  t.teardown(() => orm.close(true))
  for (const write of ['set', 'entity'] as const) {
    const { engine } = await openEngine(t, { orm, resources: { things: { entity: Thing as never, bulkFields: ['name'], write } }, settings: { migrate: false } })
    const { job: hidden } = await performBulk(engine, bulkLaunch(engine, 'things', { runInRequest: 'always', selection: { ids: [2, 3] }, set: { name: `by ${write}` } }))
    t.match(hidden, { succeeded: 1, missing: 1 })
    const { job: refused } = await performBulk(engine, bulkLaunch(engine, 'things', { runInRequest: 'always', onError: 'continue', selection: { all: true }, set: { name: 'refused' } }))
    t.equal(refused.succeeded, (await client.query("SELECT FROM thing WHERE name = 'refused'")).rowCount, 'what is reported is what was written')
    t.match(refused, { succeeded: 1, failed: 1 })
    await client.query("UPDATE thing SET name = 'a' WHERE name = 'refused'")
  }
  t.same((await client.query('SELECT name FROM thing WHERE id = 3')).rows, [{ name: 'hidden' }])
})
