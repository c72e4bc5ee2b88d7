import { DatabaseError } from 'pg'
import t from 'tap'
import { requeueDeadJobs } from '../../../src/jobs/store/expired-leases.ts'
import { recoverJobs } from '../../../src/operations/cleanup/cleanup.ts'
import { createGate } from '../../helpers/gate.ts'
import { work } from '../../helpers/engine.ts'
import { startScript } from '../../helpers/processes.ts'
import { until } from '../../helpers/until.ts'
import { inMs, leaseMs, openScene, sweepAfterLease, type Scene } from './scene.ts'

/** A worker process that stands frozen in the middle of its transaction. */
async function freeze (t: Parameters<typeof openScene>[0], scene: Scene, table: string) {
  const gate = await createGate(scene.database, { table, on: 'update' })
  const worker = await scene.startWorker()
  await gate.close()
  const { id } = await scene.launch({ onError: 'continue' })
  await gate.waitUntilReached()
  worker.kill('SIGSTOP')
  t.teardown(() => worker.kill('SIGCONT'))
  return { id, gate, worker }
}

async function freeItems ({ client }: Scene): Promise<number> {
  const { rowCount } = await client.query('SELECT FROM item FOR UPDATE SKIP LOCKED')
  return rowCount ?? 0
}

t.test('a worker frozen in its UPDATE: the sweep frees its rows, and it cannot commit when it wakes', async (t) => {
  const scene = await openScene(t)
  const { id, gate, worker } = await freeze(t, scene, 'item')
  t.ok(await freeItems(scene) < 100)

  t.match(await sweepAfterLease(scene.engine), { requeued: 1 })
  await until(async () => await freeItems(scene) === 100, { what: 'rows that the frozen worker does not hold' })
  await gate.open()
  t.same(await work(scene.engine, { id, n: 2 }), { done: true })
  t.match(await scene.job(id), { status: 'succeeded', succeeded: 100, fence: 2 })

  worker.kill('SIGCONT')
  await worker.waitForLine(/^left .*\.1 \{"done":true\}$/)
  t.match(await scene.job(id), { status: 'succeeded', succeeded: 100, fence: 2 })
  t.same(await scene.writes(), { 1: 100 })
})

t.test('a worker frozen between two statements: a redelivery after its lease ends its backend, without a sweep', async (t) => {
  const scene = await openScene(t)
  const { id, gate, worker } = await freeze(t, scene, 'powercrud.job_chunk')
  await gate.open()
  const idle = () => scene.client.query("SELECT FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle in transaction'")
  await until(async () => (await idle()).rowCount === 1, { what: 'a backend that waits for the frozen worker' })
  t.equal(await freeItems(scene), 0)
  await scene.client.query("UPDATE powercrud.job SET lease = now() - interval '1 ms' WHERE id = $1", [id])

  t.same(await work(scene.engine, { id, n: 1 }), { done: true })
  t.match(await scene.job(id), { status: 'succeeded', succeeded: 100, fence: 2, deaths: 1 })
  worker.kill('SIGCONT')
  await worker.waitForLine(/^left .*\.1 \{"done":true\}$/)
  t.same(await scene.writes(), { 1: 100 })
})

t.test('a worker frozen while it reads is caught by no timeout, and ended all the same', async (t) => {
  const scene = await openScene(t)
  const { id } = await scene.launch()
  const shortLeaseMs = 3_000
  const settings = { databaseUrl: scene.database.url, prefix: 'powercrud', rules: { ...scene.engine.options, conflictTtlMs: shortLeaseMs }, jobId: id }
  const worker = startScript(t, new URL('../../fixtures/reading-worker.ts', import.meta.url), { args: [JSON.stringify(settings)] })
  t.teardown(() => worker.kill('SIGCONT'))
  await worker.waitForLine(/^reading$/)
  const { backend_pid: pid } = await scene.job(id)
  const state = async () => (await scene.client.query('SELECT wait_event FROM pg_stat_activity WHERE pid = $1', [pid])).rows[0]
  const isStuck = async () => (await state())?.wait_event === 'ClientWrite'
  await until(isStuck, { what: 'a backend that cannot get rid of its answer' })
  const since = performance.now()
  await until(() => performance.now() - since > 2 * shortLeaseMs, { what: 'twice the time that a statement is allowed' })
  t.ok(await isStuck())
  t.equal(await freeItems(scene), 0)

  t.match(await recoverJobs(scene.engine), { requeued: 1 })
  t.same(await work(scene.engine, { id, n: 2 }), { done: true })
  t.match(await scene.job(id), { status: 'succeeded', succeeded: 100 })
  t.same(await scene.writes(), { 1: 100 })
})

for (const onError of ['rollback', 'continue'] as const) {
  t.test(`${onError}: a worker that lost its job without noticing is refused at its commit`, async (t) => {
    const scene = await openScene(t)
    const { engine } = scene
    const gate = await createGate(scene.database, { table: 'item', on: 'update' })
    await gate.close()
    const { id } = await scene.launch({ onError })
    const working = work(engine, { id, n: 1 })
    await gate.waitUntilReached()
    // What the sweep does first, and nothing of what it does then: the old backend lives.
    await requeueDeadJobs(engine.database, engine.tables, { now: inMs(leaseMs + 1_000), limit: 1 })
    await gate.open()
    t.same(await working, { done: true })
    t.match(await scene.job(id), { status: 'queued', n: 2, succeeded: 0 })
    t.same(await scene.writes(), {})

    await work(engine, { id, n: 2 })
    t.match(await scene.job(id), { status: 'succeeded', succeeded: 100 })
    t.same(await scene.writes(), { 1: 100 })
  })
}

t.test('a worker that lost its job and lives keeps its connections: they do other work by now', async (t) => {
  const { engine, client, launch, job, logged } = await openScene(t)
  const { id } = await launch({ onError: 'continue' })
  await work(engine, { id, n: 1 })
  const { rows: [backend] } = await client.query<{ pid: number, backend_start: Date }>(`
    SELECT pid, backend_start FROM pg_stat_activity WHERE datname = current_database() AND query ILIKE 'commit' AND application_name <> 'powercrud'`)
  await client.query(`
    UPDATE powercrud.job SET status = 'running', finished_at = NULL, lease = now() - interval '1 s', backend_pid = $2, backend_start = $3
    WHERE id = $1`, [id, backend!.pid, backend!.backend_start])
  t.match(await recoverJobs(engine), { requeued: 1 })
  const em = engine.orm.em.fork()
  t.equal((await em.getConnection().execute('SELECT pg_backend_pid() AS pid'))[0]?.pid, backend!.pid)
  t.match(await job(id), { status: 'queued' })
  t.match(logged, [{ message: /whose worker died/ }])
})

/** An unlocked row is locked at once; a heartbeat holds the row as well, but not for long. */
async function leaseOfFreeRow ({ client }: Scene, id: string): Promise<{ lease: Date }> {
  return until(async () => {
    try {
      return (await client.query<{ lease: Date }>('SELECT lease FROM powercrud.job WHERE id = $1 FOR UPDATE NOWAIT', [id])).rows[0]
    } catch (error) {
      if (error instanceof DatabaseError && error.code === '55P03') return false
      throw error
    }
  }, { what: 'an unlocked job row' })
}

for (const onError of ['rollback', 'stop', 'continue'] as const) {
  t.test(`${onError}: the job row is free while rows are written, and its lease is renewed`, async (t) => {
    const scene = await openScene(t, { rules: { conflictTtlMs: 6_000 } })
    const gate = await createGate(scene.database, { table: 'item', on: 'update' })
    await gate.close()
    const { id } = await scene.launch({ onError })
    const working = work(scene.engine, { id, n: 1 })
    await gate.waitUntilReached()
    const { lease } = await leaseOfFreeRow(scene, id)
    await until(async () => (await scene.job(id)).lease! > lease, { what: 'a heartbeat in the middle of a chunk' })
    await gate.open()
    await working
    t.match(await scene.job(id), { status: 'succeeded', fence: 1 })
  })
}
