import { deepEqual, equal } from 'node:assert/strict'
import { cancelJob } from '../../src/operations/cancel-job.ts'
import type { DeliveryOutcome } from '../../src/queue/job-queue.ts'
import { claim } from '../../src/execution/run/claim.ts'
import { runJob } from '../../src/execution/run/run-job.ts'
import { recoverJobs } from '../../src/operations/cleanup/cleanup.ts'
import { work } from '../helpers/engine.ts'
import { until } from '../helpers/until.ts'
import type { WorkerFault, PlanOf } from './arbitraries.ts'
import { compare } from './compare.ts'
import type { ModelJob } from './model.ts'
import { cancel, die, perform } from './performing.ts'
import { afterLease } from './recover.ts'
import { beside, type Situation } from './situation.ts'
import type { BlockingPlace } from './blocking-point.ts'
import { queuedJob, workOn } from './working.ts'
import type { World } from './world.ts'

/** A worker that is blocked in its transaction, in the middle of a chunk. */
interface Scene {
  situation: Situation
  job: ModelJob
  /** The chunk's place among those of the job. */
  at: number
  /** Settles when the worker has finished with the delivery. */
  working: Promise<DeliveryOutcome>
  /** Asks the worker to shut down. */
  stop: () => void
  /** Lets another worker handle the job's delivery. */
  another: () => Promise<DeliveryOutcome>
}

export async function workerFaultStep (situation: Situation, { which, side, fault, at: kind, place: number }: PlanOf<'workerFault'>): Promise<void> {
  const { model, world: { engines, blockingPoint } } = situation
  const job = queuedJob(situation, which)
  if (job === undefined) return
  const place = await placeOf(situation, job, kind, number)
  // One more death would end the job as poisoned, and no other worker would get it.
  if (place === undefined || (job.deaths === 2 && needsAnother.includes(fault))) return workOn(situation, job, side)

  const stopping = new AbortController()
  await blockingPoint.close(place.blockAt)
  let isOver = false
  const working = work(engines[side], job, stopping.signal).finally(() => { isOver = true })
  try {
    await until(async () => isOver || (await blockingPoint.blockedBackends()).length > 0, { intervalMs: 2, what: 'a worker that is blocked, or has ended' })
    if (isOver) {
      await blockingPoint.open()
      deepEqual(await working, { done: true })
      perform(model, job)
    } else {
      const other = engines[side === 'near' ? 'far' : 'near']
      await faults[fault]({ situation, job, at: place.at, working, stop: () => stopping.abort(), another: () => beside(situation, work(other, job)) })
    }
  } finally {
    await blockingPoint.open()
    await working.catch(() => undefined)
  }
}

const needsAnother: readonly WorkerFault[] = ['reclaimed', 'fenced', 'superseded', 'requeuedAndDone']

/** One of the records, or the chunks, that are still to be done. */
export async function placeOf ({ world: { client } }: Situation, job: ModelJob, at: BlockingPlace['at'], number: number): Promise<{ blockAt: BlockingPlace, at: number } | undefined> {
  const pending = job.chunks.flatMap((chunk, index) => chunk.isDone ? [] : [{ chunk, index }])
  if (at === 'record') {
    const entries = pending.flatMap(({ chunk, index }) => chunk.excluded === null ? chunk.entries.map(({ id }) => ({ id, index })) : [])
    const entry = entries[number % entries.length]
    return entry && { blockAt: { at, key: entry.id }, at: entry.index }
  }
  const { rows } = await client.query<{ no: number }>('SELECT no FROM powercrud.job_chunk WHERE job_id = $1 ORDER BY no', [job.id])
  const chunk = pending[number % pending.length]
  return chunk && { blockAt: { at, key: rows[chunk.index]!.no }, at: chunk.index }
}

const faults: Record<WorkerFault, (scene: Scene) => Promise<void>> = {
  async nothing (scene) {
    await goOn(scene)
    perform(scene.situation.model, scene.job)
  },

  async backendEnded (scene) {
    const { situation: { model, world: { client, blockingPoint } }, job } = scene
    for (const pid of await blockingPoint.blockedBackends()) await client.query('SELECT pg_terminate_backend($1)', [pid])
    await goOn(scene)
    perform(model, job)
  },

  async requeued (scene) {
    const { situation: { model, world }, job } = scene
    await afterLease(world, job, 'a sweep that requeues a job of a dead worker', async () => {
      const { requeued, poisoned } = await recoverJobs(world.engines.far)
      return requeued + poisoned === 1
    })
    await goOn(scene)
    perform(model, job, { at: scene.at, commits: false })
    die(model, job)
  },

  async requeuedAndDone (scene) {
    await faults.requeued(scene)
    await workOn(scene.situation, scene.job, 'far')
  },

  /** The queue delivers again after the lease, before any sweep. */
  async reclaimed ({ situation: { model, world }, job, working, another }) {
    const anothers = await claimedByAnother(world, job, another)
    // Its backend is terminated then; in the transaction that ends the job, only the fencing token stops it.
    await world.blockingPoint.open()
    await working
    deepEqual(await anothers.working, { done: true })
    job.deaths += 1
    perform(model, job)
  },

  /** The old worker's backend is not terminated, and the worker goes on while another one waits for its records. */
  async fenced ({ situation: { model, world }, job, working, another }) {
    const { client } = world
    await client.query('UPDATE powercrud.job SET backend_pid = NULL WHERE id = $1', [job.id])
    const anothers = await claimedByAnother(world, job, another)
    await until(async () => {
      const { rowCount } = await client.query("SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")
      return rowCount === 2
    }, { intervalMs: 2, what: 'a worker that waits for another one' })
    await world.blockingPoint.open()
    deepEqual(await working, { done: true })
    deepEqual(await anothers.working, { done: true })
    job.deaths += 1
    perform(model, job)
  },

  /** Another worker has claimed the job but has not started: nothing that the old one writes may be committed. */
  async superseded ({ situation: { model, world }, job, at, working }) {
    await world.client.query('UPDATE powercrud.job SET backend_pid = NULL WHERE id = $1', [job.id])
    const claimed = await afterLease(world, job, 'a claim', () => claim(world.engines.far, { jobId: job.id, n: job.n }))
    await world.blockingPoint.open()
    deepEqual(await working, { done: true })
    perform(model, job, { at, commits: false })
    Object.assign(job, { status: 'running', deaths: job.deaths + 1 })
    await compare(model, world)
    equal((await runJob(world.engines.far, claimed, new AbortController().signal)).kind, 'ended')
    perform(model, job)
  },

  async cancelled (scene) {
    const { situation: { model, world }, job, at } = scene
    await cancelJob(world.engines.far, job.id)
    await goOn(scene)
    if (job.onError === 'rollback') {
      // It may reach a failing record before it notices the cancel; nothing is written either way.
      if ((await world.job(job.id)).status === 'failed') perform(model, job)
      else cancel(model, job)
    } else if (!perform(model, job, { at, commits: true })) cancel(model, job)
  },

  async cancelledAndDied (scene) {
    const { situation: { model, world }, job, at } = scene
    await cancelJob(world.engines.far, job.id)
    await afterLease(world, job, 'a sweep that ends a job whose worker is silent', async () => (await recoverJobs(world.engines.far)).cancelled === 1)
    await goOn(scene)
    perform(model, job, { at, commits: false })
    cancel(model, job)
  },

  async stopped (scene) {
    const { situation: { model, world }, job, at, working, stop } = scene
    stop()
    await world.blockingPoint.open()
    const outcome = await working
    // In one transaction it checks before each statement; after the last one nothing is left to stop.
    const isEnded = job.onError === 'rollback' ? outcome.done && perform(model, job) : perform(model, job, { at, commits: true })
    deepEqual(outcome, isEnded ? { done: true } : { done: false, release: true })
  }
}

/** Another worker has claimed the job by the time that this resolves, and works on it. */
export async function claimedByAnother (world: World, job: ModelJob, another: Scene['another']): Promise<{ working: Promise<DeliveryOutcome> }> {
  const { fence } = await world.job(job.id)
  return afterLease(world, job, 'another claim', async () => {
    let isRefused = false
    const working = another().then((outcome) => {
      isRefused = !outcome.done
      return outcome
    })
    await until(async () => isRefused || (await world.job(job.id)).fence > fence, { intervalMs: 2, what: 'another claim, or none' })
    return !isRefused && { working }
  })
}

async function goOn ({ situation: { world: { blockingPoint } }, working }: Scene): Promise<void> {
  await blockingPoint.open()
  deepEqual(await working, { done: true })
}
