import t from 'tap'
import { launchBulk } from '../../../src/operations/launch/launch-bulk.ts'
import { lockRoots } from '../../../src/jobs/locks/root-locks.ts'
import { findConflicts } from '../../../src/jobs/locks/conflicts.ts'
import { bulkLaunch } from '../../helpers/engine.ts'
import { itemsEngine } from '../../helpers/items.ts'

type Items = Awaited<ReturnType<typeof itemsEngine>>

/** How many living jobs hold each record that is held at all. */
async function holders ({ engine }: Items): Promise<number[]> {
  const rows = await engine.database.query<{ count: number }>(`
    SELECT count(*)::int AS count FROM powercrud.chunk_int4 chunk CROSS JOIN LATERAL unnest(chunk.keys) AS held (key)
    WHERE chunk.living GROUP BY held.key`)
  return rows.map(({ count }) => count)
}

t.test('of launches that race for records each gets all of its own or none, and no record is held twice', async (t) => {
  const items = await itemsEngine(t, { count: 400 })
  for (let round = 0; round < 5; round += 1) {
    // Forty windows of twenty records, each overlapping its neighbours by half.
    const launches = await Promise.allSettled(Array.from({ length: 39 }, (_, n) => items.launch({
      selection: { ids: Array.from({ length: 20 }, (_, k) => n * 10 + k + 1) }, set: { priority: round }
    })))
    const won = launches.filter(({ status }) => status === 'fulfilled').length
    const codes = new Set(launches.map((launch) => launch.status === 'rejected' ? launch.reason.code : 'won'))
    t.same([...codes].sort(), ['records_locked', 'won'])
    const held = await holders(items)
    t.same([held.length, Math.max(...held)], [won * 20, 1])
    for (const launch of launches) if (launch.status === 'fulfilled') await items.workOn(launch.value)
  }
  t.same(await holders(items), [])
})

t.test('launches of one user that race: as many jobs as are allowed, and nothing of the others', async (t) => {
  const items = await itemsEngine(t, { engineRules: { maxQueuedJobsPerUser: 3 } })
  const ada = { id: 'ada', label: 'Ada' }
  const launch = (id: number, user: typeof ada | null = ada, more = {}) => items.launch({ selection: { ids: [id] }, set: { priority: 7 }, user, ...more })
  const traces = async () => (await items.engine.database.query<Record<string, number>>(`SELECT (SELECT count(*)::int FROM powercrud.job) AS jobs,
    (SELECT count(*)::int FROM powercrud.job_chunk) AS work, (SELECT count(*)::int FROM powercrud.chunk) AS chunks`))[0]

  const launches = await Promise.allSettled(Array.from({ length: 20 }, (_, n) => launch(n + 1)))
  const [first, ...others] = launches.flatMap((launch) => launch.status === 'fulfilled' ? [launch.value] : [])
  t.equal(others.length, 2)
  t.match(launches.flatMap((launch) => launch.status === 'rejected' ? [launch.reason] : []),
    Array.from({ length: 17 }, () => ({ code: 'too_many_jobs', statusCode: 429, message: /3 jobs/, retryAfterSeconds: 5 })))
  t.same(await traces(), { jobs: 3, work: 3, chunks: 3 })

  await launch(30, { id: 'grace', label: 'Grace' })
  for (let id = 31; id < 36; id++) await launch(id, null)
  t.equal((await items.launch({ selection: { ids: [40] }, set: { priority: 7 }, user: ada, runInRequest: 'small' })).status, 'running', 'a job executed in the request does not count towards the limit')
  await t.rejects(launch(30, ada, { onConflict: 'wait' }), { code: 'too_many_jobs' }, 'one that waits for records counts as well')
  await t.rejects(items.launch({ selection: { ids: [30] }, set: { priority: 7 }, user: ada, runInRequest: 'small', onConflict: 'wait' }), { code: 'too_many_jobs' }, 'however small it is')

  await items.workOn(first!)
  t.equal((await launch(30, ada, { onConflict: 'wait' })).status, 'waiting')
  await t.rejects(launch(41), { code: 'too_many_jobs' })
})

t.test('the same Idempotency-Key at once makes one job', async (t) => {
  const items = await itemsEngine(t)
  const idempotency = { keyHash: Buffer.alloc(32, 7), bodyHash: Buffer.alloc(32, 8) }
  const launches = await Promise.allSettled(Array.from({ length: 8 }, () => items.launch({ selection: { ids: [1] }, set: { priority: 1 }, idempotency })))
  const ids = new Set(launches.flatMap((launch) => launch.status === 'fulfilled' ? [launch.value.id] : []))
  t.equal(ids.size, 1)
  for (const launch of launches) if (launch.status === 'rejected') t.equal(launch.reason.code, 'idempotency_in_flight')
  t.equal((await items.engine.database.query('SELECT 1 FROM powercrud.job')).length, 1)
})

t.test('why the launch is READ COMMITTED, and looks for conflicts in a statement of its own', async (t) => {
  const items = await itemsEngine(t)
  const { engine: { tables }, database } = items
  const [first, second] = [await database.connect(), await database.connect()]
  const sqlOf = (client: typeof first) => ({ query: async <Row extends object>(text: string, values?: readonly unknown[]) => (await client.query(text, values as unknown[])).rows as Row[] })
  const freeze = (client: typeof first, id: string) => client.query(`
    INSERT INTO powercrud.chunk_int4 (selection_id, no, root, living, size, ord, keys, first, last) VALUES ($1, 0, 'public.item', true, 1, '{0}', '{1}', 1, 1)`, [id])
  const ids = { one: '00000000-0000-7000-8000-000000000001', other: '00000000-0000-7000-8000-000000000002' }
  const look = (client: typeof first) => findConflicts(sqlOf(client), tables, { kind: 'int4', selectionId: ids.other, root: 'public.item', limit: 1 })

  for (const { level, seen } of [{ level: 'REPEATABLE READ', seen: 0 }, { level: 'READ COMMITTED', seen: 1 }]) {
    await first.query('BEGIN')
    await lockRoots(sqlOf(first), tables.schema, ['public.item'])
    await freeze(first, ids.one)
    await first.query(`INSERT INTO powercrud.job (id, kind, operation, status, on_error, on_conflict, selection_id, spec, fingerprint, total)
      VALUES ($1, 'bulk', 'update', 'queued', 'rollback', 'fail', $1, '{}', '', 1)`, [ids.one])

    await second.query(`BEGIN ISOLATION LEVEL ${level}`)
    await freeze(second, ids.other)
    const locked = lockRoots(sqlOf(second), tables.schema, ['public.item'])
    await first.query('COMMIT')
    await locked
    t.equal((await look(second)).conflictCount, seen, level)
    await second.query('ROLLBACK')
    await first.query('DELETE FROM powercrud.job; DELETE FROM powercrud.chunk')
  }
})

t.test('a launch and an end at once: the records are free, or they are not, and nothing between', async (t) => {
  const items = await itemsEngine(t)
  for (let round = 0; round < 10; round += 1) {
    const job = await items.launch({ selection: { ids: [1, 2] }, set: { priority: round } })
    const [, next] = await Promise.allSettled([
      items.workOn(job),
      launchBulk(items.engine, bulkLaunch(items.engine, 'items', { selection: { ids: [2, 3] }, set: { priority: 5 }, runInRequest: 'never' }))
    ])
    t.ok((await holders(items)).every((count) => count === 1))
    if (next.status === 'fulfilled') t.equal((await items.workOn(next.value.job)).status, 'succeeded')
    else t.equal(next.reason.code, 'records_locked')
  }
})
