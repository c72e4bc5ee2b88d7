import t from 'tap'
import { claim } from '../../../src/execution/run/claim.ts'
import { recoverJobs } from '../../../src/operations/cleanup/cleanup.ts'
import { startEngineWorker } from '../../../src/execution/worker/engine-worker.ts'
import { createGate } from '../../helpers/gate.ts'
import { work } from '../../helpers/engine.ts'
import { until } from '../../helpers/until.ts'
import { inMs, leaseMs, openScene, sweepAfterLease } from './scene.ts'

const hourMs = 3_600_000

for (const onError of ['rollback', 'continue'] as const) {
  t.test(`${onError}: a job that does not move is failed while its worker lives, and the worker is refused`, async (t) => {
    const scene = await openScene(t, { rules: { maxTaskDurationMs: hourMs } })
    const { engine, client, launch, job, livingChunks, writes } = scene
    const gate = await createGate(scene.database, { table: 'item', on: 'update' })
    await gate.close()
    const { id } = await launch({ onError })
    const working = work(engine, { id, n: 1 })
    await gate.waitUntilReached()
    await client.query("UPDATE powercrud.job SET progressed_at = now() - interval '50 min' WHERE id = $1", [id])
    t.match(await recoverJobs(engine), { stuck: 0 }, 'there is time left')
    await client.query("UPDATE powercrud.job SET progressed_at = now() - interval '61 min' WHERE id = $1", [id])

    t.match(await recoverJobs(engine), { stuck: 1, requeued: 0 })
    t.match(await job(id), { status: 'failed', error_code: 'stuck', succeeded: 0, lease: null })
    t.equal(await livingChunks(), 0, 'its records are free')
    t.same(await working, { done: true }, 'its backend was ended at the gate, and the worker left')
    await gate.open()
    t.same(await writes(), {})
    t.match(await job(id), { status: 'failed', error_code: 'stuck' })
  })
}

t.test('a job in one transaction that moves is not stuck: its heartbeat says so', async (t) => {
  const { engine, client, database, launch, job } = await openScene(t, { rules: { conflictTtlMs: 6_000 } })
  const gate = await createGate(database, { table: 'item', on: 'update', row: 'new.id = 90' })
  await gate.close()
  const { id } = await launch({ onError: 'rollback' })
  const working = work(engine, { id, n: 1 })
  await gate.waitUntilReached()
  const { started_at: startedAt } = await job(id)
  await until(async () => (await job(id)).progressed_at! > startedAt!, { what: 'a heartbeat that records slices before the gate' })
  await client.query("UPDATE powercrud.job SET lease = now() + interval '1 min' WHERE id = $1", [id])
  await gate.open()
  await working
  t.match(await job(id), { status: 'succeeded' })
})

t.test('a dead worker\'s job is given to another one, however long ago it moved', async (t) => {
  const { engine, client, launch } = await openScene(t)
  const { id } = await launch()
  await claim(engine, { jobId: id, n: 1 })
  await client.query("UPDATE powercrud.job SET progressed_at = now() - interval '2 hours' WHERE id = $1", [id])
  t.match(await sweepAfterLease(engine), { requeued: 1, stuck: 0 })
})

t.test('a job that no worker touched while none was alive is failed, and its records are free', async (t) => {
  const { engine, client, launch, job, livingChunks } = await openScene(t, { rules: { conflictTtlMs: hourMs } })
  const { id } = await launch()
  t.match(await recoverJobs(engine, { now: inMs(2 * hourMs) }), { abandoned: 0 }, 'a worker is alive, it is only busy')
  await client.query("UPDATE powercrud.worker SET seen_at = now() - interval '1 hour'")
  t.match(await recoverJobs(engine), { abandoned: 0 }, 'it is young')

  t.match(await recoverJobs(engine, { now: inMs(hourMs + 1_000) }), { abandoned: 1 })
  t.match(await job(id), { status: 'failed', error_code: 'abandoned', fence: 0 })
  t.equal(await livingChunks(), 0)
  t.same(await work(engine, { id, n: 1 }), { done: true }, 'a late delivery is dropped')
  await launch()
})

t.test('the job of a worker that died is abandoned where no other comes', async (t) => {
  const { engine, client, launch, job } = await openScene(t, { rules: { conflictTtlMs: hourMs } })
  const { id } = await launch()
  await claim(engine, { jobId: id, n: 1 })
  await client.query('DELETE FROM powercrud.worker')
  t.match(await recoverJobs(engine, { now: inMs(60_000) }), { requeued: 1, abandoned: 0 })
  t.match(await recoverJobs(engine, { now: inMs(hourMs + 60_000) }), { abandoned: 1 })
  t.match(await job(id), { status: 'failed', error_code: 'abandoned', deaths: 1 })
})

t.test('a paused job waits for a person: it is neither stuck nor abandoned', async (t) => {
  const { engine, client, launch, job, livingChunks } = await openScene(t)
  const { id } = await launch({ onError: 'continue' })
  await claim(engine, { jobId: id, n: 1 })
  await client.query("UPDATE powercrud.job SET status = 'paused', lease = NULL WHERE id = $1", [id])
  await client.query('DELETE FROM powercrud.worker')
  t.match(await recoverJobs(engine, { now: inMs(100 * hourMs) }), { stuck: 0, abandoned: 0, requeued: 0 })
  t.match(await job(id), { status: 'paused' })
  t.equal(await livingChunks(), 1)
})

t.test('between the workers of two deployments no job is abandoned', async (t) => {
  const { engine, client, queueBackend, launch, job } = await openScene(t, { rules: { conflictTtlMs: hourMs } })
  const { id } = await launch()
  await client.query('DELETE FROM powercrud.worker')
  await client.query("UPDATE powercrud.job SET touched_at = now() - interval '2 hours', status = 'paused'")
  const worker = await startEngineWorker({ engine, queueBackend, concurrency: 1 })
  await until(async () => (await client.query('SELECT FROM powercrud.worker')).rowCount === 1, { what: 'a worker' })
  await worker.stop(5_000)
  await client.query("UPDATE powercrud.job SET status = 'queued'")

  t.match(await recoverJobs(engine), { abandoned: 0 })
  t.match(await job(id), { status: 'queued' })
  t.match(await recoverJobs(engine, { now: inMs(hourMs + 1_000) }), { abandoned: 1 })
})

t.test('what a sweep took and could not end, because it died, the next one ends', async (t) => {
  const { engine, client, launch, job } = await openScene(t)
  const { id } = await launch()
  await claim(engine, { jobId: id, n: 1 })
  // As the take-over leaves it.
  await client.query("UPDATE powercrud.job SET status = 'cancelling', fence = fence + 1, lease = now() + interval '10 min'")
  t.match(await recoverJobs(engine, { now: inMs(leaseMs) }), { cancelled: 0 })
  t.match(await recoverJobs(engine, { now: inMs(11 * 60_000) }), { cancelled: 1 })
  t.match(await job(id), { status: 'cancelled' })
})
