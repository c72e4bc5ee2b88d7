import t from 'tap'
import { launchBulk } from '../../../src/operations/launch/launch-bulk.ts'
import { recordRefused } from '../../../src/execution/writers/hook-failure.ts'
import type { Persistence, PersistenceChunk, PersistenceResult } from '../../../src/engine/persistence.ts'
import { Item } from '../../fixtures/entities.ts'
import { seedItems } from '../../fixtures/orm.ts'
import { openBulk } from '../../helpers/bulk.ts'
import { bulkLaunch, work } from '../../helpers/engine.ts'
import { createGate } from '../../helpers/gate.ts'
import { until } from '../../helpers/until.ts'

const counts = { succeeded: 0, unchanged: 0, missing: 0, skipped: 0, failed: 0 }
const total = 2_500

interface Seen { config: unknown, chunks: (Omit<PersistenceChunk, 'em' | 'progress' | 'keys'> & { keyCount: number })[] }
const seen: Seen = { config: undefined, chunks: [] }

/** Writes notes, through entities and through SQL, and has some rules of its own. */
class Own implements Persistence {
  constructor (config: unknown) { seen.config = config }

  async writeChunk ({ em, keys, progress, ...rest }: PersistenceChunk): Promise<PersistenceResult | undefined> {
    seen.chunks.push({ ...rest, keyCount: keys.length })
    const { set, mode } = rest
    if (mode === 'delete') {
      await em.nativeDelete(Item, { id: { $in: keys as number[] } })
      return
    }
    if (set.notes === 'throw' && keys.includes(13)) throw new RangeError('the secret number')
    if (set.notes === 'refuse' && keys.includes(13)) throw recordRefused('13 is unlucky', 'notes')
    if (set.notes === 'violate') await em.nativeUpdate(Item, { id: { $in: keys as number[] } }, { priority: 99 })
    const [first, ...others] = await em.find(Item, { id: { $in: keys as number[] } }, { orderBy: { id: 'asc' } })
    if (first !== undefined) first.notes = `${set.notes as string} through the entity`
    if (others.length > 0) await em.nativeUpdate(Item, { id: { $in: others.map(({ id }) => id) } }, { notes: set.notes as string })
    progress(Math.ceil(keys.length / 2))
    if (set.notes === 'halfway') await em.execute('SELECT halfway()')
    if (set.notes === 'partly') return { unchanged: keys.filter((key) => key === 1), refused: keys.filter((key) => key === 2).map((key) => ({ key, message: 'not 2', field: 'notes' })) }
  }
}

const { database, engine, perform, rows, unwritten } = await openBulk(t, {
  resources: { items: { entity: Item, persistence: Own, persistenceConfig: { url: 'elsewhere' } } },
  async seed (client, orm) {
    await seedItems(orm, total)
    await client.query("ALTER TABLE item ADD CONSTRAINT no_99 CHECK (priority <> 99 OR id <> 13); COMMENT ON CONSTRAINT no_99 ON item IS '99 is too much for 13'")
  }
})

t.beforeEach(() => { seen.chunks.length = 0 })

t.test('the class is constructed with its config, and receives everything it needs', async (t) => {
  const job = await perform('items', { selection: { ids: [3, 1, 9_999, 2] }, set: { notes: 'hi' }, user: { id: '7', label: 'ada' }, reason: 'spring' })
  t.match(job, { ...counts, status: 'succeeded', succeeded: 3, missing: 1 })
  t.same(seen, {
    config: { url: 'elsewhere' },
    chunks: [{ mode: 'update', resource: 'items', set: { notes: 'hi' }, user: { id: '7', label: 'ada' }, job: { id: job.id, reason: 'spring' }, keyCount: 3 }]
  })
  t.same(await rows('SELECT notes FROM item WHERE id <= 3 ORDER BY id'), ['hi through the entity', 'hi', 'hi'].map((notes) => ({ notes })), 'what it leaves unflushed is flushed')
})

t.test('records come a thousand at most, in one transaction under rollback', async (t) => {
  t.match(await perform('items', { selection: { all: true }, set: { notes: 'all' } }), { ...counts, status: 'succeeded', succeeded: total })
  t.ok(seen.chunks.every(({ keyCount }) => keyCount <= 1_000))
  t.match(await perform('items', { selection: { all: true }, set: { notes: 'refuse' } }), { ...counts, status: 'failed', failed: 1, error_row_code: 'rule_refused' })
  t.same(await rows("SELECT 1 FROM item WHERE notes LIKE 'refuse%'"), [])
})

t.test('what it throws is narrowed to the records at fault', async (t) => {
  const expected = {
    refuse: { code: 'rule_refused', message: '13 is unlucky', field: 'notes' },
    throw: { code: 'hook_failed', message: 'a hook of the application failed for the record' },
    violate: { code: 'check_violation', message: '99 is too much for 13' }
  }
  for (const [notes, refusal] of Object.entries(expected)) {
    const job = await perform('items', { selection: { filter: { id: { lte: 100 } } }, set: { notes }, onError: 'continue' })
    t.match(job, { ...counts, status: 'completed_with_errors', succeeded: 99, failed: 1 })
    t.match(await unwritten(job), [{ key: '13', outcome: 'failed', ...refusal }])
  }
})

t.test('it may say itself what was refused, and what had the values', async (t) => {
  const job = await perform('items', { selection: { ids: [1, 2, 3] }, set: { notes: 'partly' }, onError: 'continue' })
  t.match(job, { ...counts, status: 'completed_with_errors', succeeded: 1, unchanged: 1, failed: 1 })
  t.same(await unwritten(job), [{ key: '1', outcome: 'unchanged' }, { key: '2', outcome: 'failed', code: 'rule_refused', message: 'not 2', field: 'notes' }])
  t.match(await perform('items', { selection: { ids: [1, 2, 3] }, set: { notes: 'partly' } }), { ...counts, status: 'failed', failed: 1, error_message: /not 2/ })
})

t.test('its progress is published while it writes', async (t) => {
  await rows(`
    CREATE TABLE pass (id int);
    CREATE FUNCTION halfway() RETURNS void LANGUAGE plpgsql AS $$ BEGIN INSERT INTO pass VALUES (1); END $$`)
  const gate = await createGate(database, { table: 'pass', on: 'insert' })
  await gate.close()
  const { job } = await launchBulk(engine, bulkLaunch(engine, 'items', { selection: { filter: { id: { lte: 30 } } }, set: { notes: 'halfway' }, runInRequest: 'never' }))
  const worked = work(engine, job)
  await gate.waitUntilReached()
  t.ok(await until(async () => (await engine.live.read(job.id))?.processed === 15, { what: 'half of the records' }))
  await gate.open()
  await worked
})

t.test('it deletes, too', async (t) => {
  t.match(await perform('items', { selection: { filter: { id: { gt: 2_400 } } } }), { ...counts, operation: 'delete', status: 'succeeded', succeeded: 100 })
  t.same(seen.chunks.map(({ mode, set }) => ({ mode, set }))[0], { mode: 'delete', set: {} })
  t.same(await rows('SELECT 1 FROM item WHERE id > 2400'), [])
})
