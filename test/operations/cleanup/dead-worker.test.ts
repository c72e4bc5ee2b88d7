import t from 'tap'
import type { OnError } from '../../../schemas/job.ts'
import { claim } from '../../../src/execution/run/claim.ts'
import { recoverJobs } from '../../../src/operations/cleanup/cleanup.ts'
import { createGate } from '../../helpers/gate.ts'
import { work } from '../../helpers/engine.ts'
import { openScene, sweepAfterLease } from './scene.ts'

for (const onError of ['rollback', 'stop', 'continue'] satisfies OnError[]) {
  t.test(`${onError}: a worker is killed between its UPDATE and its COMMIT, another one does the job, once`, async (t) => {
    const scene = await openScene(t)
    const gate = await createGate(scene.database, { table: 'item', on: 'update' })
    const worker = await scene.startWorker()
    await gate.close()
    const { id } = await scene.launch({ onError })
    await gate.waitUntilReached()
    worker.kill('SIGKILL')
    await worker.exited
    t.match(await scene.job(id), { status: 'running', n: 1, fence: 1, deaths: 0 })

    t.match(await sweepAfterLease(scene.engine), { requeued: 1 })
    await gate.open()
    t.match(await scene.job(id), { status: 'queued', n: 2, deaths: 1, lease: null })
    t.same(await scene.writes(), {}, 'nothing of the dead worker was committed')

    await scene.consume()
    t.match(await scene.ended(id), { status: 'succeeded', succeeded: 100, fence: 2, attempts: 2 })
    t.same(await scene.writes(), { 1: 100 })
    t.equal(await scene.livingChunks(), 0)
  })
}

t.test('a job that was to be cancelled when its worker died is cancelled, and keeps what was committed', async (t) => {
  const { engine, client, launch, job, livingChunks } = await openScene(t)
  const { id } = await launch({ onError: 'continue' })
  await claim(engine, { jobId: id, n: 1 })
  await client.query("UPDATE powercrud.job SET status = 'cancelling', succeeded = 40 WHERE id = $1", [id])

  t.match(await recoverJobs(engine), { cancelled: 0 }, 'while the lease lives its worker will do it')
  t.match(await sweepAfterLease(engine), { cancelled: 1, requeued: 0 })
  t.match(await job(id), { status: 'cancelled', succeeded: 40, error_code: null, lease: null, worker: null })
  t.equal(await livingChunks(), 0)
})

t.test('a job that was to be paused when its worker died is paused, holds its records, and can go on', async (t) => {
  const { engine, client, launch, job, livingChunks } = await openScene(t)
  const { id } = await launch({ onError: 'continue' })
  await claim(engine, { jobId: id, n: 1 })
  await client.query("UPDATE powercrud.job SET status = 'pausing' WHERE id = $1", [id])

  t.match(await sweepAfterLease(engine), { paused: 1, requeued: 0 })
  t.match(await job(id), { status: 'paused', lease: null, finished_at: null })
  t.equal(await livingChunks(), 1)

  await client.query("UPDATE powercrud.job SET status = 'queued', n = n + 1 WHERE id = $1", [id])
  await work(engine, await job(id))
  t.match(await job(id), { status: 'succeeded', succeeded: 100 })
})

t.test('a job that kills its third worker is failed, and its records are free', async (t) => {
  const { engine, client, launch, job, livingChunks } = await openScene(t)
  const { id } = await launch({ onError: 'continue' })
  for (const deaths of [1, 2]) {
    t.ok(await claim(engine, { jobId: id, n: deaths }))
    t.match(await sweepAfterLease(engine), { requeued: 1, poisoned: 0 })
    t.match(await job(id), { status: 'queued', deaths, n: deaths + 1 })
  }
  t.ok(await claim(engine, { jobId: id, n: 3 }))
  await client.query("UPDATE powercrud.job SET lease = now() - interval '1 ms' WHERE id = $1", [id])
  t.match(await work(engine, { id, n: 3 }), { done: false }, 'no fourth worker gets it')
  t.match(await job(id), { status: 'running', fence: 3 })

  t.match(await recoverJobs(engine), { requeued: 0, poisoned: 1 })
  t.match(await job(id), { status: 'failed', error_code: 'poisoned', deaths: 3 })
  t.equal(await livingChunks(), 0)
  await launch()
})

t.test('a worker that puts its job back has not died', async (t) => {
  const { engine, launch, job } = await openScene(t)
  const { id } = await launch()
  const stopping = new AbortController()
  stopping.abort()
  t.same(await work(engine, { id, n: 1 }, stopping.signal), { done: false, release: true })
  t.match(await sweepAfterLease(engine), { requeued: 0 })
  t.match(await job(id), { status: 'queued', n: 1, deaths: 0 })
})
