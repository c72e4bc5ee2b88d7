import { defineEntity, p } from '@mikro-orm/core'
import t from 'tap'
import { launchRetry } from '../../../src/operations/launch/launch-again.ts'
import { launchBulk } from '../../../src/operations/launch/launch-bulk.ts'
import { previewBulk } from '../../../src/operations/preview/preview-bulk.ts'
import type { Persistence, PersistenceChunk } from '../../../src/engine/persistence.ts'
import { openBulk } from '../../helpers/bulk.ts'
import { bulkLaunch, work } from '../../helpers/engine.ts'

// Nothing may depend on where the process is.
process.env.TZ = 'America/New_York'

const shared = { id: p.integer().primary(), note: p.string() }
const Counted = defineEntity({ name: 'Counted', properties: { ...shared, version: p.integer().version() } })
const Large = defineEntity({ name: 'Large', properties: { ...shared, version: p.bigint().version() } })
const Stamped = defineEntity({ name: 'Stamped', properties: { ...shared, version: p.datetime(3).version() } })
const Wall = defineEntity({ name: 'Wall', properties: { ...shared, version: p.datetime().columnType('timestamp(3)').version() } })
const Pair = defineEntity({ name: 'Pair', properties: { a: p.string().primary(), b: p.integer().primary(), note: p.string(), version: p.integer().version() } })
const Vehicle = defineEntity({ name: 'Vehicle', inheritance: 'tpt', properties: { ...shared, version: p.integer().version() } })
const Car = defineEntity({ name: 'Car', extends: Vehicle, properties: { doors: p.integer().default(4) } })

class Own implements Persistence {
  async writeChunk ({ em, keys, mode, set }: PersistenceChunk) {
    const where = { id: { $in: keys as number[] } }
    if (mode === 'delete') await em.nativeDelete(Counted, where)
    else await em.nativeUpdate(Counted, where, { note: set.note as string })
  }
}

const tables = ['counted', 'large', 'stamped', 'wall', 'vehicle']
const bulk = await openBulk(t, {
  entities: [Counted, Large, Stamped, Wall, Pair, Vehicle, Car],
  resources: {
    counted: { entity: Counted },
    loaded: { entity: Counted, write: 'entity' },
    own: { entity: Counted, persistence: Own },
    large: { entity: Large },
    stamped: { entity: Stamped },
    stampedLoaded: { entity: Stamped, write: 'entity' },
    wall: { entity: Wall },
    wallLoaded: { entity: Wall, write: 'entity' },
    pairs: { entity: Pair },
    cars: { entity: Car }
  }
})
const { engine, orm, perform, unwritten, rows, database, job: jobOf } = bulk

const counts = { succeeded: 0, unchanged: 0, missing: 0, skipped: 0, failed: 0 }
const message = 'a record has changed since it was read'

t.beforeEach(async () => {
  await rows(`TRUNCATE ${[...tables, 'car', 'pair'].join()}`)
  for (const table of tables) await rows(`INSERT INTO ${table} (id, note) SELECT n, 'old' FROM generate_series(1, 6) n`)
  await rows("INSERT INTO car (id) SELECT n FROM generate_series(1, 6) n; INSERT INTO pair (a, b, note) SELECT 'x', n, 'old' FROM generate_series(1, 6) n")
})

/** The records as a client has read them: key and version, in JSON. */
async function read (name: string): Promise<{ ids: never[], versions: (number | string)[] }> {
  const { entity, meta } = engine.resources.get(name)!
  const found = await orm.em.fork().find(entity as never, {}, { orderBy: Object.fromEntries(meta.primaryKeys.map((key) => [key, 'asc'])) as never }) as Record<string, unknown>[]
  const version = (value: unknown) => typeof value === 'bigint' ? value.toString() : value as number
  return {
    ids: found.map((record) => meta.primaryKeys.length === 1 ? record.id : { a: record.a, b: record.b }) as never[],
    versions: JSON.parse(JSON.stringify(found.map((record) => version(record.version)))) as number[]
  }
}

for (const name of ['counted', 'loaded', 'own', 'large', 'stamped', 'stampedLoaded', 'wall', 'wallLoaded', 'pairs', 'cars']) {
  t.test(`${name}: a record that has changed since is written by neither updates nor deletes`, async (t) => {
    const before = await read(name)
    // Another user has changed records in between, through MikroORM as usual.
    const em = orm.em.fork()
    const others = await em.find(engine.resources.get(name)!.entity as never, {}) as { id: number, b: number, note: string }[]
    for (const other of others.filter(({ id, b }) => [2, 5].includes(id ?? b))) other.note = 'theirs'
    await em.flush()
    const table = engine.resources.get(name)!.meta.root.tableName
    const key = name === 'pairs' ? 'b' : 'id'
    const notes = async () => (await rows<{ note: string }>(`SELECT note FROM ${table} ORDER BY ${key}`)).map(({ note }) => note)
    const theirs = ['old', 'theirs', 'old', 'old', 'theirs', 'old']

    for (const set of [{ note: 'mine' }, undefined]) {
      const selection = await read(name)
      selection.versions[1] = before.versions[1]!
      selection.versions[4] = before.versions[4]!
      const was = set === undefined ? ['mine', 'theirs', 'mine', 'mine', 'theirs', 'mine'] : theirs
      for (const [onError, code] of [['rollback', 'rolled_back'], ['stop', 'stopped']] as const) {
        const refused = await perform(name, { selection, set, onError })
        t.match(refused, { ...counts, status: 'failed', failed: 1, error_code: code, error_row_code: 'stale_version', error_message: new RegExp(`${message}$`) })
        t.match((await unwritten(refused)).map(({ key, ...rest }) => rest), [{ outcome: 'failed', code: 'stale_version', message }])
        t.same(await notes(), was)
      }
      const done = await perform(name, { selection, set, onError: 'continue' })
      t.match(done, { ...counts, status: 'succeeded', succeeded: 4, skipped: 2, error_code: null })
      t.match((await unwritten(done)).map(({ key, ...rest }) => rest), Array(2).fill({ outcome: 'skipped', code: 'stale_version', message }))
      t.same(await notes(), set === undefined ? ['theirs', 'theirs'] : ['mine', 'theirs', 'mine', 'mine', 'theirs', 'mine'])
    }
  })
}

t.test('a changed record that has the values already is stale; a deleted one is missing', async (t) => {
  await rows("UPDATE counted SET note = 'mine', version = 7 WHERE id IN (1, 2); DELETE FROM counted WHERE id = 3")
  const done = await perform('counted', { selection: { ids: [1, 2, 3, 4], versions: [1, 7, 1, 1] }, set: { note: 'mine' }, onError: 'continue' })
  t.match(done, { ...counts, status: 'succeeded', skipped: 1, unchanged: 1, missing: 1, succeeded: 1 })
})

t.test('one id with two versions is refused; the same instant in other words is the same', async (t) => {
  const launch = (name: string, versions: (number | string)[]) => perform(name, { selection: { ids: [1, 2, 1], versions }, set: { note: 'mine' } })
  await t.rejects(launch('counted', [1, 1, 2]), { code: 'validation_failed', statusCode: 400, errors: [{ path: '/selection/versions/2' }] })
  t.match(await launch('counted', [1, 1, 1]), { status: 'succeeded', total: 2, succeeded: 2 })
  await rows("UPDATE stamped SET version = '2026-11-24T09:30:00.123Z'")
  t.match(await launch('stamped', ['2026-11-24T09:30:00.123Z', '2026-11-24T04:30:00.123-05:00', '2026-11-24T10:30:00.123+01:00']), { status: 'succeeded', total: 2, succeeded: 2 })
})

t.test('a record that another transaction is writing now is reported like any other', async (t) => {
  const other = await database.connect()
  await other.query('BEGIN')
  await other.query("UPDATE counted SET note = 'theirs' WHERE id = 3")
  const done = await perform('counted', { selection: { ids: [1, 2, 3, 4], versions: [1, 9, 1, 1] }, set: { note: 'mine' }, onError: 'continue' })
  await other.query('COMMIT')
  t.match(done, { ...counts, status: 'completed_with_errors', succeeded: 2, skipped: 1, failed: 1 })
  t.match(await unwritten(done), [{ key: '2', code: 'stale_version' }, { key: '3', code: 'lock_timeout' }])
})

t.test('a preview reports changed records, and its execution still compares the versions', async (t) => {
  await rows('UPDATE counted SET version = 2 WHERE id IN (2, 6)')
  const selection = { ids: [1, 2, 3, 4, 5, 6], versions: [1, 1, 1, 1, 1, 1] }
  const preview = (onError: 'rollback' | 'continue') => previewBulk(engine, {
    ...bulkLaunch(engine, 'counted', { selection, set: { note: 'mine' }, onError }), operation: 'update', selection
  })
  const stale = (outcome: string) => [{ index: 1, id: 2 }, { index: 5, id: 6 }].map((row) => ({ ...row, outcome, code: 'stale_version', message }))
  t.match(await preview('rollback'), { count: 6, checkedCount: 6, failures: stale('failed') })
  const { previewId, failures } = await preview('continue')
  t.same(failures, stale('skipped'))
  await rows('UPDATE counted SET version = 2 WHERE id = 4')
  t.match(await perform('counted', { selection: { previewId }, set: { note: 'mine' }, onError: 'continue' }), { ...counts, succeeded: 3, skipped: 3 })
})

t.test('a background job says it; a retry leaves the stale ones out, and still looks at the versions of the others', async (t) => {
  const again = { user: null, view: { em: orm.em.fork(), scope: undefined } }
  await rows('UPDATE counted SET version = 2 WHERE id = 2')
  const selection = { ids: [1, 2, 3], versions: [1, 1, 1] }
  const run = async (onError: 'rollback' | 'continue') => {
    const { job } = await launchBulk(engine, bulkLaunch(engine, 'counted', { selection, set: { note: 'mine' }, onError, runInRequest: 'never' }))
    await work(engine, job)
    return jobOf(job.id)
  }
  const rolledBack = await run('rollback')
  t.match(rolledBack, { ...counts, status: 'failed', failed: 1, error_code: 'rolled_back', error_row_code: 'stale_version', error_message: `a record failed, and everything was rolled back: ${message}` })
  await rows('UPDATE counted SET version = 2 WHERE id = 3')
  const retry = await launchRetry(engine, rolledBack, again)
  t.equal(retry.total, 2)
  await work(engine, retry)
  t.match(await jobOf(retry.id), { ...counts, status: 'failed', failed: 1, error_row_code: 'stale_version' })
  t.match(await unwritten(retry), [{ key: '3', code: 'stale_version' }])

  const skipped = await run('continue')
  t.match(skipped, { ...counts, status: 'succeeded', succeeded: 1, skipped: 2 })
  await t.rejects(launchRetry(engine, skipped, again), { code: 'all_records_missing', statusCode: 422, message: 'nothing is left to do' })
})
