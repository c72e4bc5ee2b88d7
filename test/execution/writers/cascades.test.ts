import { Cascade, defineEntity, p } from '@mikro-orm/core'
import t from 'tap'
import { launchBulk } from '../../../src/operations/launch/launch-bulk.ts'
import { previewBulk } from '../../../src/operations/preview/preview-bulk.ts'
import { Article, Comment, hooked } from '../../fixtures/hooked.ts'
import { openBulk } from '../../helpers/bulk.ts'
import { bulkLaunch, work } from '../../helpers/engine.ts'
import { createGate } from '../../helpers/gate.ts'
import { findRecordHolders } from '../../../src/jobs/locks/record-holders.ts'
import type { TestScope } from '../../helpers/test-scope.ts'

const Project = defineEntity({ name: 'Project', properties: { id: p.integer().primary(), name: p.string() } })
const Phase = defineEntity({ name: 'Phase', properties: { id: p.integer().primary(), project: () => p.manyToOne(Project).deleteRule('cascade') } })
const Chore = defineEntity({ name: 'Chore', properties: { id: p.integer().primary(), phase: () => p.manyToOne(Phase).deleteRule('cascade'), done: p.boolean().default(false) } })

/** Projects 1 … 10, each with a phase of its number, which has two chores: 2n - 1 and 2n. Phases are no resource. */
async function open (t: TestScope) {
  const bulk = await openBulk(t, {
    entities: [Project, Phase, Chore],
    resources: { projects: { entity: Project }, chores: { entity: Chore, bulkFields: ['done'] } },
    seed: async (client) => {
      await client.query(`
        INSERT INTO project (id, name) SELECT n, 'project ' || n FROM generate_series(1, 10) n;
        INSERT INTO phase (id, project_id) SELECT n, n FROM generate_series(1, 10) n;
        INSERT INTO chore (id, phase_id) SELECT n, (n + 1) / 2 FROM generate_series(1, 20) n`)
    }
  })
  const hold = async (ids: number[]) => (await launchBulk(bulk.engine, bulkLaunch(bulk.engine, 'chores', { selection: { ids }, set: { done: true }, runInRequest: 'never' }))).job
  return { ...bulk, hold }
}

t.test('what would go by cascade and is held by another job fails its own record only', async (t) => {
  const { perform, unwritten, hold, rows } = await open(t)
  await hold([5])
  const job = await perform('projects', { selection: { all: true }, onError: 'continue' })
  t.match(job, { status: 'completed_with_errors', succeeded: 9, failed: 1 })
  t.match(await unwritten(job), [{ key: '3', outcome: 'failed', code: 'locked', message: 'chores 5 is locked by another job' }])
  t.same(await rows('SELECT id FROM chore ORDER BY id'), [{ id: 5 }, { id: 6 }])
})

t.test('under rollback nothing is deleted', async (t) => {
  const { perform, hold, rows } = await open(t)
  await hold([5])
  const job = await perform('projects', { selection: { ids: [1, 2, 3, 4] } })
  t.match(job, { status: 'failed', error_code: 'rolled_back', error_row_code: 'locked', succeeded: 0 })
  t.match(await rows('SELECT count(*)::int AS count FROM project'), [{ count: 10 }])
})

t.test('while the delete runs its children are locked, and released with it', async (t) => {
  const { engine, database, hold, rows } = await open(t)
  const gate = await createGate(database, { table: 'project', on: 'delete' })
  await gate.close()
  const { job } = await launchBulk(engine, bulkLaunch(engine, 'projects', { selection: { ids: [1] }, runInRequest: 'never' }))
  const working = work(engine, job)
  await gate.waitUntilReached()
  t.match(await findRecordHolders(engine, 'chores', [1, 2, 3]), [{ id: 1, jobId: job.id }, { id: 2, jobId: job.id }])
  await t.rejects(hold([2, 3]), { code: 'records_locked', conflictCount: 1 })
  await gate.open()
  await working
  t.same(await rows('SELECT 1 FROM powercrud.chunk WHERE living'), [])
  t.match(await rows('SELECT status, total, succeeded FROM powercrud.job WHERE id = $1', [job.id]), [{ status: 'succeeded', total: 1, succeeded: 1 }])
})

t.test('nothing comes to refer to a child once its own children are known', async (t) => {
  const { engine, database, hold, client } = await open(t)
  await hold([5])
  const { job } = await launchBulk(engine, bulkLaunch(engine, 'projects', { selection: { ids: [1] }, runInRequest: 'never' }))
  const gate = await createGate(database, { table: 'powercrud.chunk_int4', on: 'insert' })
  await gate.close()
  const working = work(engine, job)
  await gate.waitUntilReached()
  await client.query("SET lock_timeout = '100ms'")
  await t.rejects(client.query('UPDATE chore SET phase_id = 1 WHERE id = 5'), { code: '55P03' })
  await gate.open()
  await working
  t.same((await client.query('SELECT phase_id FROM chore WHERE id = 5')).rows, [{ phase_id: 3 }], 'a record that another job has locked stays')
})

t.test('nothing comes to refer to a record once its children are known', async (t) => {
  const { engine, database, rows } = await openBulk(t, {
    entities: [Project, Phase],
    resources: { projects: { entity: Project }, phases: { entity: Phase, bulkFields: ['project'] } },
    seed: (client) => client.query("INSERT INTO project (id, name) VALUES (1, 'one'), (2, 'two'); INSERT INTO phase VALUES (1, 1), (2, 2)")
  })
  const { job } = await launchBulk(engine, bulkLaunch(engine, 'projects', { selection: { ids: [1] }, runInRequest: 'never' }))
  await launchBulk(engine, bulkLaunch(engine, 'phases', { selection: { ids: [2] }, set: { project: 1 }, runInRequest: 'never' }))
  const gate = await createGate(database, { table: 'powercrud.chunk_int4', on: 'insert' })
  await gate.close()
  const working = work(engine, job)
  await gate.waitUntilReached()
  await rows("SET lock_timeout = '100ms'")
  await t.rejects(rows('UPDATE phase SET project_id = 1 WHERE id = 2'), { code: '55P03' })
  await gate.open()
  await working
  t.same(await rows('SELECT id FROM phase'), [{ id: 2 }])
})

t.test('a preview reports it, and locks nothing', async (t) => {
  const { engine, hold, rows } = await open(t)
  await hold([5])
  const selection = { ids: [2, 3] }
  const preview = await previewBulk(engine, { ...bulkLaunch(engine, 'projects', { selection }), operation: 'delete', selection })
  t.match(preview.failures, [{ id: 3, code: 'locked' }])
  t.equal((await rows('SELECT 1 FROM powercrud.chunk WHERE living')).length, 1)
})

t.test('a preview counts what a delete would meet, by foreign key, at any depth', async (t) => {
  const { engine, rows } = await open(t)
  await rows(`
    CREATE TABLE budget (id int PRIMARY KEY, phase_id int NOT NULL REFERENCES phase);
    CREATE TABLE stamp (id int PRIMARY KEY, chore_id int REFERENCES chore ON DELETE SET NULL, phase_id int REFERENCES phase ON DELETE CASCADE, near_id int REFERENCES phase ON DELETE RESTRICT);
    INSERT INTO budget VALUES (1, 1), (2, 1), (9, 9);
    INSERT INTO stamp VALUES (1, 1, NULL, NULL), (2, 3, 2, 1), (3, NULL, 3, NULL), (4, 5, 9, 3), (9, 19, 9, 9)`)
  const preview = async (ids: number[]) => {
    const selection = { ids }
    return previewBulk(engine, { ...bulkLaunch(engine, 'projects', { selection }), operation: 'delete', selection })
  }
  const all = await preview([1, 2, 3])
  t.same(all.cascades, [
    { table: 'phase', columns: ['project_id'], effect: 'cascade', count: 3 },
    { table: 'budget', columns: ['phase_id'], refersTo: 'phase', effect: 'block', count: 2 },
    { table: 'chore', columns: ['phase_id'], refersTo: 'phase', effect: 'cascade', count: 6 },
    { table: 'stamp', columns: ['near_id'], refersTo: 'phase', effect: 'block', count: 1 },
    { table: 'stamp', columns: ['phase_id'], refersTo: 'phase', effect: 'cascade', count: 2 },
    { table: 'stamp', columns: ['chore_id'], refersTo: 'chore', effect: 'set_null', count: 2 }
  ], 'rows that are deleted themselves neither block the delete nor lose a reference')
  t.equal(all.cascadesCheckedCount, 3)
  t.match(all.failures, [{ id: 1, code: 'foreign_key_violation' }, { id: 3, code: 'foreign_key_violation' }])
  t.match(await preview([4]), { cascades: [{ table: 'phase', count: 1 }, { table: 'chore', count: 2 }], failures: [] })
})

t.test('each record counts once, however many of the selected it goes with, and in however many slices these are', async (t) => {
  const Folder = defineEntity({ name: 'Folder', properties: { id: p.integer().primary(), inside: () => p.manyToOne(Folder).nullable().deleteRule('cascade') } })
  const { engine, rows } = await openBulk(t, {
    entities: [Folder],
    resources: { folders: { entity: Folder, bulkFields: ['inside'] } },
    settings: { chunkSize: 1 },
    seed: async (client) => {
      // Folders in chains of twelve: 1 … 12, 13 … 24. A paper is in two of them, and has a page.
      await client.query(`
        INSERT INTO folder SELECT n, CASE WHEN n % 12 <> 1 THEN n - 1 END FROM generate_series(1, 24) n;
        CREATE SCHEMA "desk top";
        CREATE TABLE "desk top"."Paper ""1""" (id int PRIMARY KEY, "In" int REFERENCES folder ON DELETE CASCADE, "Also in" int REFERENCES folder ON DELETE CASCADE);
        CREATE TABLE page (id int PRIMARY KEY, paper int REFERENCES "desk top"."Paper ""1""" ON DELETE CASCADE, back int REFERENCES folder ON DELETE CASCADE);
        INSERT INTO "desk top"."Paper ""1""" VALUES (1, 3, 15), (2, 7, NULL), (3, NULL, NULL);
        INSERT INTO page VALUES (1, 1, 1), (2, 2, 24), (3, 3, NULL);
        ALTER TABLE folder ADD cover int REFERENCES page ON DELETE CASCADE;
        UPDATE folder SET cover = 1 WHERE id = 1`)
    }
  })
  const selection = { ids: [1, 5, 13] }
  const { cascades, cascadesCheckedCount, failures } = await previewBulk(engine, { ...bulkLaunch(engine, 'folders', { selection }), operation: 'delete', selection })
  t.same(cascades, [
    { table: 'Paper "1"', columns: ['Also in'], effect: 'cascade', count: 1 },
    { table: 'Paper "1"', columns: ['In'], effect: 'cascade', count: 2 },
    { table: 'folder', columns: ['inside_id'], effect: 'cascade', count: 21 },
    { table: 'page', columns: ['back'], effect: 'cascade', count: 2 },
    { table: 'page', columns: ['paper'], refersTo: 'Paper "1"', effect: 'cascade', count: 2 }
  ])
  t.equal(cascadesCheckedCount, 3)
  t.same(failures, [])
  t.same(await rows('SELECT (SELECT count(*)::int FROM folder) AS folders, (SELECT count(*)::int FROM page) AS pages'), [{ folders: 24, pages: 3 }])
})

const depth = 8
const Grade = (level: number) => `grade${level}`

t.test('children of any depth, of one table below itself, and in circles', async (t) => {
  const Folder = defineEntity({ name: 'Folder', properties: { id: p.integer().primary(), inside: () => p.manyToOne(Folder).nullable().deleteRule('cascade') } })
  const Leaf = defineEntity({ name: 'Leaf', properties: { id: p.integer().primary(), marked: p.boolean().default(false) } })
  const { engine, perform, rows, unwritten } = await openBulk(t, {
    entities: [Folder, Leaf],
    resources: { folders: { entity: Folder, bulkFields: ['inside'] }, leaves: { entity: Leaf, bulkFields: ['marked'] } },
    async seed (client) {
      // Folders in chains of twelve: 1 … 12, 13 … 24, 25 … 36. Each first one has a chain of tables below, with a leaf at its end.
      await client.query('INSERT INTO folder SELECT n, CASE WHEN n % 12 <> 1 THEN n - 1 END FROM generate_series(1, 36) n')
      for (let level = 1; level <= depth; level += 1) {
        const parent = level === 1 ? 'folder' : Grade(level - 1)
        await client.query(`CREATE TABLE ${Grade(level)} (id int PRIMARY KEY, up int NOT NULL REFERENCES ${parent} ON DELETE CASCADE); INSERT INTO ${Grade(level)} VALUES (1, 1), (13, 13), (25, 25)`)
      }
      await client.query(`
        ALTER TABLE leaf ADD up int REFERENCES ${Grade(depth)} ON DELETE CASCADE;
        INSERT INTO leaf (id, up) VALUES (1, 1), (13, 13), (25, 25);
        ALTER TABLE ${Grade(1)} ADD back int REFERENCES ${Grade(4)} ON DELETE CASCADE;
        UPDATE ${Grade(1)} SET back = id`)
    }
  })
  const hold = (name: string, ids: number[], set: object) => launchBulk(engine, bulkLaunch(engine, name, { selection: { ids }, set: set as Record<string, unknown>, runInRequest: 'never' }))
  await hold('leaves', [13], { marked: true })
  await hold('folders', [36], { inside: null })
  const job = await perform('folders', { selection: { ids: [1, 13, 25] }, onError: 'continue' })
  t.match(job, { status: 'completed_with_errors', succeeded: 1, failed: 2 })
  t.match(await unwritten(job), [{ key: '13', code: 'locked', message: 'leaves 13 is locked by another job' }, { key: '25', code: 'locked', message: 'folders 36 is locked by another job' }])
  t.same(await rows('SELECT count(*)::int AS count FROM folder'), [{ count: 24 }])
})

t.test('what MikroORM removes together with a record is locked, too', async (t) => {
  const { perform, engine, unwritten, rows } = await openBulk(t, {
    entities: hooked,
    resources: { articles: { entity: Article }, comments: { entity: Comment, bulkFields: ['article'] } },
    async seed (client) {
      await client.query(`
        INSERT INTO article (id, title, slug) SELECT n, 'title', 'slug' FROM generate_series(1, 4) n;
        INSERT INTO comment (id, article_id) SELECT n, n FROM generate_series(1, 4) n;
        INSERT INTO comment (id, article_id, answers_id) SELECT n + 10, n, n FROM generate_series(1, 4) n`)
    }
  })
  t.same(await rows("SELECT 1 FROM pg_constraint WHERE contype = 'f' AND conrelid = 'comment'::regclass AND confdeltype = 'c'"), [], 'the database would take none along')
  await launchBulk(engine, bulkLaunch(engine, 'comments', { selection: { ids: [2, 13] }, set: { article: 1 }, runInRequest: 'never' }))
  const job = await perform('articles', { selection: { all: true }, onError: 'continue' })
  t.match(job, { status: 'completed_with_errors', succeeded: 2, failed: 2 })
  t.match(await unwritten(job), [2, 3].map((id) => ({ key: String(id), outcome: 'failed', code: 'locked' })))
  t.same(await rows('SELECT id FROM comment ORDER BY id'), [2, 3, 12, 13].map((id) => ({ id })))
})

t.test('members that MikroORM removes together with a record are locked and counted, from either side', async (t) => {
  const Genre = defineEntity({ name: 'Genre', properties: { id: p.integer().primary(), albums: () => p.manyToMany(Album).mappedBy('genres').orphanRemoval() } })
  const Album = defineEntity({ name: 'Album', properties: { id: p.integer().primary(), genres: () => p.manyToMany(Genre).inversedBy('albums'), songs: () => p.manyToMany(Song).cascade(Cascade.PERSIST, Cascade.REMOVE) } })
  const Song = defineEntity({ name: 'Song', properties: { id: p.integer().primary(), title: p.string(), covers: () => p.oneToMany(Cover).mappedBy('song').orphanRemoval() } })
  const Cover = defineEntity({ name: 'Cover', properties: { id: p.integer().primary(), song: () => p.manyToOne(Song).deleteRule('no action'), seen: p.boolean().default(false) } })
  const { perform, engine, unwritten, rows } = await openBulk(t, {
    entities: [Genre, Album, Song, Cover],
    resources: { genres: { entity: Genre }, songs: { entity: Song, bulkFields: ['title'] }, covers: { entity: Cover, bulkFields: ['seen'] } },
    async seed (client) {
      // Genre n has album n, which has songs 2n - 1 and 2n; each song has a cover of its number.
      await client.query(`
        INSERT INTO genre SELECT n FROM generate_series(1, 4) n;
        INSERT INTO album SELECT n FROM generate_series(1, 4) n;
        INSERT INTO album_genres (album_id, genre_id) SELECT n, n FROM generate_series(1, 4) n;
        INSERT INTO song SELECT n, 'la' FROM generate_series(1, 8) n;
        INSERT INTO album_songs (album_id, song_id) SELECT (n + 1) / 2, n FROM generate_series(1, 8) n;
        INSERT INTO cover (id, song_id) SELECT n, n FROM generate_series(1, 8) n`)
    }
  })
  await launchBulk(engine, bulkLaunch(engine, 'songs', { selection: { ids: [3] }, set: { title: 'lo' }, runInRequest: 'never' }))
  await launchBulk(engine, bulkLaunch(engine, 'covers', { selection: { ids: [6] }, set: { seen: true }, runInRequest: 'never' }))
  const selection = { ids: [1, 2, 3] }
  const previewed = await previewBulk(engine, { ...bulkLaunch(engine, 'genres', { selection }), operation: 'delete', selection })
  t.match(previewed.cascades.map(({ table, effect, count }) => `${count} ${table} ${effect}`), [
    '3 album_genres cascade', '3 album cascade', '6 album_songs cascade', '3 album_genres cascade', '6 song cascade', '6 cover cascade', '6 album_songs cascade'
  ], 'a pivot table has two foreign keys')
  t.match(previewed.failures, [{ id: 2, code: 'locked' }, { id: 3, code: 'locked' }])
  const job = await perform('genres', { selection, onError: 'continue' })
  t.match(job, { status: 'completed_with_errors', succeeded: 1, failed: 2 })
  t.match(await unwritten(job), [{ key: '2', code: 'locked', message: 'songs 3 is locked by another job' }, { key: '3', code: 'locked', message: 'covers 6 is locked by another job' }])
  t.same(await rows('SELECT (SELECT array_agg(id ORDER BY id) FROM album) AS albums, (SELECT array_agg(id ORDER BY id) FROM song) AS songs, (SELECT min(id) FROM cover) AS cover'),
    [{ albums: [2, 3, 4], songs: [3, 4, 5, 6, 7, 8], cover: 3 }], 'MikroORM did remove them')
})

t.test('where each class has a table of its own, what refers to any of them is locked', async (t) => {
  const Vehicle = defineEntity({ name: 'Vehicle', inheritance: 'tpt', properties: { id: p.integer().primary(), name: p.string() } })
  const Car = defineEntity({ name: 'Car', extends: Vehicle, properties: { doors: p.integer(), wheels: () => p.oneToMany(Wheel).mappedBy('car') } })
  const Wheel = defineEntity({ name: 'Wheel', properties: { id: p.integer().primary(), car: () => p.manyToOne(Car).deleteRule('cascade'), flat: p.boolean().default(false) } })
  const Trip = defineEntity({ name: 'Trip', properties: { id: p.integer().primary(), vehicle: () => p.manyToOne(Vehicle).deleteRule('cascade'), far: p.boolean().default(false) } })
  const { perform, engine, unwritten, rows } = await openBulk(t, {
    entities: [Vehicle, Car, Wheel, Trip],
    resources: { vehicles: { entity: Vehicle }, cars: { entity: Car }, wheels: { entity: Wheel, bulkFields: ['flat'] }, trips: { entity: Trip, bulkFields: ['far'] } },
    async seed (client) {
      await client.query(`
        INSERT INTO vehicle (id, name) SELECT n, 'v' FROM generate_series(1, 6) n;
        INSERT INTO car (id, doors) SELECT n, 4 FROM generate_series(1, 6) n;
        INSERT INTO wheel (id, car_id) SELECT n, n FROM generate_series(1, 6) n;
        INSERT INTO trip (id, vehicle_id) SELECT n, n FROM generate_series(1, 6) n`)
    }
  })
  await launchBulk(engine, bulkLaunch(engine, 'trips', { selection: { ids: [2, 5] }, set: { far: true }, runInRequest: 'never' }))
  await launchBulk(engine, bulkLaunch(engine, 'wheels', { selection: { ids: [3, 6] }, set: { flat: true }, runInRequest: 'never' }))
  const cars = await perform('cars', { selection: { ids: [1, 2, 3] }, onError: 'continue' })
  t.match(await unwritten(cars), [{ key: '2', code: 'locked', message: 'trips 2 is locked by another job' }, { key: '3', code: 'locked', message: 'wheels 3 is locked by another job' }])
  const vehicles = await perform('vehicles', { selection: { ids: [4, 5, 6] }, onError: 'continue' })
  t.match(await unwritten(vehicles), [{ key: '5', code: 'locked', message: 'trips 5 is locked by another job' }, { key: '6', code: 'locked', message: 'wheels 6 is locked by another job' }])
  t.same(await rows('SELECT array_agg(id ORDER BY id) AS ids FROM wheel'), [{ ids: [2, 3, 5, 6] }])
})
