import t, { type Test } from 'tap'
import { Queue, Worker } from 'bullmq'
import { readInstallationId } from '../../../src/database/installation.ts'
import { within } from '../../../src/deadline.ts'
import { requeueDeadJobs } from '../../../src/jobs/store/expired-leases.ts'
import { recoverJobs } from '../../../src/operations/cleanup/cleanup.ts'
import type { TestDatabase } from '../../helpers/database.ts'
import { createEngineDatabase } from '../../helpers/engine-database.ts'
import { emptyQueue } from '../../helpers/empty-queue.ts'
import { createGate } from '../../helpers/gate.ts'
import { work } from '../../helpers/engine.ts'
import { ownRedis } from '../../helpers/redis.ts'
import { until } from '../../helpers/until.ts'
import { inMs, leaseMs, openScene, sweepAfterLease, type Scene } from './scene.ts'

const hourMs = 3_600_000

interface Place {
  scene: Scene
  /** Everything that the queue has is lost. */
  empty (): Promise<void>
}

async function onPostgres (t: Test): Promise<Place> {
  const database: TestDatabase = await createEngineDatabase(t)
  const scene = await openScene(t, { database })
  return { scene, empty: () => emptyQueue(scene.client) }
}

async function onRedis (t: Test): Promise<Place & { url: string }> {
  const server = await ownRedis(t)
  const scene = await openScene(t, { redis: { url: server.url, client: await server.connect(), prefix: 'powercrud' } })
  return { scene, empty: server.flush, url: server.url }
}

for (const [kind, place] of [['PostgreSQL', onPostgres], ['Redis', onRedis]] as const) {
  t.test(`a queue on ${kind} that lost a job has it again after a sweep`, async (t) => {
    const { scene, empty } = await place(t)
    const { id } = await scene.launch()
    t.match(await recoverJobs(scene.engine), { redelivered: 0 }, 'it waits there')
    await empty()
    t.match(await recoverJobs(scene.engine), { redelivered: 1 })
    t.match(await recoverJobs(scene.engine), { redelivered: 0 })
    t.match(await scene.job(id), { status: 'queued', n: 1 })

    await scene.consume()
    t.match(await scene.ended(id), { status: 'succeeded', fence: 1 })
    t.same(await scene.writes(), { 1: 100 })
  })

  t.test(`a queue on ${kind} that is emptied in the middle of a job does not matter to it`, async (t) => {
    const { scene, empty } = await place(t)
    const gate = await createGate(scene.database, { table: 'item', on: 'update' })
    await scene.consume()
    await gate.close()
    const { id } = await scene.launch({ onError: 'continue' })
    await gate.waitUntilReached()
    await empty()
    t.match(await recoverJobs(scene.engine), { redelivered: 0, requeued: 0 }, 'a running job wants no delivery')
    await gate.open()
    t.match(await scene.ended(id), { status: 'succeeded', fence: 1, attempts: 1 })
    t.same(await scene.writes(), { 1: 100 })
  })

  t.test(`an entry on ${kind} that no worker processes is re-enqueued under another number, since its own is ignored`, async (t) => {
    const { scene } = await place(t)
    const { engine, queueBackend } = scene
    const { promise: never, resolve: letGo } = Promise.withResolvers<{ done: true }>()
    const deaf = await queueBackend.createConsumer({ concurrency: 1, handle: () => never, onError: () => {} })
    t.teardown(() => {
      // What is held for ever would keep this process from ending.
      letGo({ done: true })
      return deaf.close(1_000)
    })
    const { id } = await scene.launch()
    await until(async () => await engine.queue.stateOf({ jobId: id, n: 1 }) === 'active', { what: 'an entry that is taken' })
    t.match(await recoverJobs(engine), { redelivered: 0 }, 'the worker that took it may be about to claim it')

    await engine.queue.add({ jobId: id, n: 1 })
    t.equal(await engine.queue.stateOf({ jobId: id, n: 1 }), 'active', 'adding it again changes nothing')
    t.match(await sweepAfterLease(engine), { redelivered: 1 })
    t.match(await scene.job(id), { status: 'queued', n: 2, deaths: 0 })
    await scene.consume()
    t.match(await scene.ended(id), { status: 'succeeded', fence: 1 })
    t.same(await scene.writes(), { 1: 100 })
  })

  t.test(`an entry on ${kind} that is delayed although its job is due is replaced, and one that its job is delayed with is left`, async (t) => {
    const { scene } = await place(t)
    const { engine, queueBackend, client } = scene
    // As a worker does whose clock is an hour ahead.
    const ahead = await queueBackend.createConsumer({ concurrency: 1, handle: async () => ({ done: false, retryInMs: hourMs }), onError: () => {} })
    const { id } = await scene.launch()
    await until(async () => await engine.queue.stateOf({ jobId: id, n: 1 }) === 'delayed', { what: 'an entry that is delayed' })
    await ahead.close(5_000)
    t.match(await recoverJobs(engine), { redelivered: 0 }, 'the worker may have had a reason to delay it')

    await client.query("UPDATE powercrud.job SET run_after = now() + interval '1 hour' WHERE id = $1", [id])
    t.match(await sweepAfterLease(engine), { redelivered: 0 }, 'the job is delayed as well')
    t.match(await recoverJobs(engine, { now: inMs(hourMs + leaseMs / 2) }), { redelivered: 0 }, 'it has only just become due')
    t.match(await scene.job(id), { n: 1 })

    await client.query("UPDATE powercrud.job SET run_after = now() - interval '1 s' WHERE id = $1", [id])
    const { rows: [worker] } = await client.query('UPDATE powercrud.worker SET stopped_at = now() RETURNING id')
    t.match(await sweepAfterLease(engine), { redelivered: 0 }, 'without a worker that can do it another entry would be delayed as well')
    await client.query('UPDATE powercrud.worker SET stopped_at = NULL WHERE id = $1', [worker.id])
    t.match(await sweepAfterLease(engine), { redelivered: 1 })
    t.match(await scene.job(id), { status: 'queued', n: 2 })
    t.equal(await engine.queue.stateOf({ jobId: id, n: 2 }), 'waiting')
    t.match(await sweepAfterLease(engine), { redelivered: 0 }, 'an entry that waits for a worker is left')
    await scene.consume()
    t.match(await scene.ended(id), { status: 'succeeded', n: 2, fence: 1 })
    t.same(await scene.writes(), { 1: 100 })
  })
}

t.test('a queue that says "failed" of a job that is done changes nothing', async (t) => {
  const { scene, url } = await onRedis(t)
  const { id } = await scene.launch()
  const { worker, failed } = await rawWorker(t, scene, url, async () => {
    await work(scene.engine, { id, n: 1 })
    throw new RangeError('after the commit')
  })
  worker.run().catch(() => {})
  await failed
  t.match(await scene.job(id), { status: 'succeeded', succeeded: 100 })
  t.match(await sweepAfterLease(scene.engine), { redelivered: 0, requeued: 0 })
  t.match(await scene.job(id), { status: 'succeeded', n: 1, fence: 1 })
})

t.test('an entry that failed and was kept is re-enqueued under another number', async (t) => {
  const { scene, empty, url } = await onRedis(t)
  const { id } = await scene.launch()
  await empty()
  const queue = new Queue('jobs', await rawQueue(scene, url))
  t.teardown(() => queue.close())
  await queue.add('job', { jobId: id, n: 1 }, { jobId: `${id}.1`, removeOnFail: false })
  const { worker, failed } = await rawWorker(t, scene, url, async () => { throw new RangeError('before the claim') })
  worker.run().catch(() => {})
  await failed
  await worker.close()
  t.equal(await scene.engine.queue.stateOf({ jobId: id, n: 1 }), 'failed')

  t.match(await recoverJobs(scene.engine), { redelivered: 0 })
  t.match(await sweepAfterLease(scene.engine), { redelivered: 1 })
  await scene.consume()
  t.match(await scene.ended(id), { status: 'succeeded', n: 2 })
})

t.test('deliveries that come twice, too late, or while another worker is at it do nothing', async (t) => {
  const { scene } = await onPostgres(t)
  const { engine, launch, job, writes } = scene
  const gate = await createGate(scene.database, { table: 'item', on: 'update' })
  await gate.close()
  const { id } = await launch()
  const working = work(engine, { id, n: 1 })
  await gate.waitUntilReached()
  const second = await work(engine, { id, n: 1 })
  t.ok('retryInMs' in second && second.retryInMs > leaseMs / 2 && second.retryInMs <= leaseMs, 'delayed to the end of the lease')
  t.match(await job(id), { fence: 1, attempts: 1 })
  await gate.open()
  await working
  t.same(await work(engine, { id, n: 1 }), { done: true }, 'after the end')

  const other = await launch({ set: { status: 'held' } })
  await work(engine, { id: other.id, n: 7 })
  t.match(await job(other.id), { status: 'queued', fence: 0 }, 'a number that is not the current one')
  await engine.database.query("UPDATE powercrud.job SET status = 'running', lease = now() WHERE id = $1", [other.id])
  await requeueDeadJobs(engine.database, engine.tables, { now: inMs(1_000), limit: 1 })
  t.same(await work(engine, { id: other.id, n: 1 }), { done: true })
  t.match(await job(other.id), { status: 'queued', n: 2, fence: 0 })
  t.same(await work(engine, { id: '0199a3a8-5b1c-7000-8000-000000000001', n: 1 }), { done: true }, 'a job that was withdrawn')
  t.same(await writes(), { 1: 100 })
})

t.test('without its queue a sweep does what it can, and says so', async (t) => {
  const server = await ownRedis(t)
  const { engine, client, launch, job, ended, consume, logged } = await openScene(t, {
    redis: { url: server.url, client: await server.connect(), prefix: 'powercrud' }
  })
  const { id } = await launch()
  await client.query("UPDATE powercrud.job SET status = 'running', fence = 1, lease = now() - interval '1 s' WHERE id = $1", [id])
  await server.kill()
  t.match(await recoverJobs(engine), { requeued: 1, redelivered: 0, unreachable: ['queue', 'live store'] })
  t.match(await job(id), { status: 'queued', n: 2 })
  t.ok(logged.some(({ message }) => message.includes('queue cannot be reached')))

  await server.start()
  // If the answer to an add was lost, the next sweep finds the entry there.
  await until(async () => {
    await recoverJobs(engine)
    return await engine.queue.stateOf({ jobId: id, n: 2 }).catch(() => undefined) === 'waiting'
  }, { what: 'a sweep after the outage that re-enqueues the job' })
  await consume()
  t.match(await ended(id), { status: 'succeeded' })
})

/** Where the deliveries of an installation are in Redis. */
async function rawQueue ({ engine: { database, tables } }: Scene, url: string) {
  const installationId = await readInstallationId(database, tables)
  return { connection: { url, maxRetriesPerRequest: null }, prefix: `{powercrud:${installationId}}` }
}

/** A plain BullMQ worker, without what ours does about failures. Resolves `failed` when an entry has failed. */
async function rawWorker (t: Test, scene: Scene, url: string, process: () => Promise<unknown>) {
  const worker = new Worker('jobs', process, { autorun: false, ...await rawQueue(scene, url) })
  worker.on('error', () => {})
  t.teardown(() => worker.close(true))
  const failed = within(30_000, 'the failure of an entry', () => new Promise<void>((resolve) => { worker.once('failed', () => resolve()) }))
  return { worker, failed }
}
