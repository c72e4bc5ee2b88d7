import { deepEqual, equal } from 'node:assert/strict'
import { cancelJob } from '../../src/operations/cancel-job.ts'
import type { DeliveryOutcome } from '../../src/queue/job-queue.ts'
import { claim } from '../../src/execution/run/claim.ts'
import { runJob } from '../../src/execution/run/run-job.ts'
import { recoverJobs } from '../../src/operations/cleanup/cleanup.ts'
import { work } from '../helpers/engine.ts'
import { until } from '../helpers/until.ts'
import type { Mishap, PlanOf } from './arbitraries.ts'
import { compare } from './compare.ts'
import type { ModelJob } from './model.ts'
import { cancel, die, perform } from './performing.ts'
import { afterLease } from './recover.ts'
import { beside, type Situation } from './situation.ts'
import type { StandingPlace } from './blocking-point.ts'
import { queuedJob, workOn } from './working.ts'
import type { World } from './world.ts'

/** A worker that stands in its transaction, in the middle of a chunk. */
interface Scene {
  situation: Situation
  job: ModelJob
  /** The chunk's place among those of the job. */
  at: number
  /** Settles when the worker has let go of the job. */
  working: Promise<DeliveryOutcome>
  /** Asks the worker to shut down. */
  stop: () => void
  /** Does what another worker does with the job's delivery. */
  another: () => Promise<DeliveryOutcome>
}

export async function mishapStep (situation: Situation, { which, side, mishap, at: kind, place: number }: PlanOf<'mishap'>): Promise<void> {
  const { model, world: { engines, stand } } = situation
  const job = queuedJob(situation, which)
  if (job === undefined) return
  const place = await placeOf(situation, job, kind, number)
  // The worker that would die is the last that the job gets: others are not asked.
  if (place === undefined || (job.deaths === 2 && needsAnother.includes(mishap))) return workOn(situation, job, side)

  const stopping = new AbortController()
  await stand.close(place.standing)
  let isOver = false
  const working = work(engines[side], job, stopping.signal).finally(() => { isOver = true })
  try {
    await until(async () => isOver || (await stand.standing()).length > 0, { intervalMs: 2, what: 'a worker that stands still, or has ended' })
    if (isOver) {
      await stand.open()
      deepEqual(await working, { done: true })
      perform(model, job)
    } else {
      const other = engines[side === 'near' ? 'far' : 'near']
      await happenings[mishap]({ situation, job, at: place.at, working, stop: () => stopping.abort(), another: () => beside(situation, work(other, job)) })
    }
  } finally {
    await stand.open()
    await working.catch(() => undefined)
  }
}

const needsAnother: readonly Mishap[] = ['reclaimed', 'fenced', 'superseded', 'requeuedAndDone']

/** One of the records, or the chunks, that are still to be done. */
export async function placeOf ({ world: { client } }: Situation, job: ModelJob, at: StandingPlace['at'], number: number): Promise<{ standing: StandingPlace, at: number } | undefined> {
  const pending = job.chunks.flatMap((chunk, index) => chunk.isDone ? [] : [{ chunk, index }])
  if (at === 'record') {
    const entries = pending.flatMap(({ chunk, index }) => chunk.excluded === null ? chunk.entries.map(({ id }) => ({ id, index })) : [])
    const entry = entries[number % entries.length]
    return entry && { standing: { at, key: entry.id }, at: entry.index }
  }
  const { rows } = await client.query<{ no: number }>('SELECT no FROM powercrud.job_chunk WHERE job_id = $1 ORDER BY no', [job.id])
  const chunk = pending[number % pending.length]
  return chunk && { standing: { at, key: rows[chunk.index]!.no }, at: chunk.index }
}

const happenings: Record<Mishap, (scene: Scene) => Promise<void>> = {
  async nothing (scene) {
    await goOn(scene)
    perform(scene.situation.model, scene.job)
  },

  async backendEnded (scene) {
    const { situation: { model, world: { client, stand } }, job } = scene
    for (const pid of await stand.standing()) await client.query('SELECT pg_terminate_backend($1)', [pid])
    await goOn(scene)
    perform(model, job)
  },

  async requeued (scene) {
    const { situation: { model, world }, job } = scene
    await afterLease(world, job, 'a sweep that takes a job from its worker', async () => {
      const { requeued, poisoned } = await recoverJobs(world.engines.far)
      return requeued + poisoned === 1
    })
    await goOn(scene)
    perform(model, job, { at: scene.at, commits: false })
    die(model, job)
  },

  async requeuedAndDone (scene) {
    await happenings.requeued(scene)
    await workOn(scene.situation, scene.job, 'far')
  },

  /** The queue delivers again after the lease, before any sweep. */
  async reclaimed ({ situation: { model, world }, job, working, another }) {
    const anothers = await claimedByAnother(world, job, another)
    // Its backend is ended then; where it is in the transaction that ends the job, only the fence stops it.
    await world.stand.open()
    await working
    deepEqual(await anothers.working, { done: true })
    job.deaths += 1
    perform(model, job)
  },

  /** Nobody ends the old worker's backend, and it wakes while another one waits for its records. */
  async fenced ({ situation: { model, world }, job, working, another }) {
    const { client } = world
    await client.query('UPDATE powercrud.job SET backend_pid = NULL WHERE id = $1', [job.id])
    const anothers = await claimedByAnother(world, job, another)
    await until(async () => {
      const { rowCount } = await client.query("SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")
      return rowCount === 2
    }, { intervalMs: 2, what: 'a worker that waits for another one' })
    await world.stand.open()
    deepEqual(await working, { done: true })
    deepEqual(await anothers.working, { done: true })
    job.deaths += 1
    perform(model, job)
  },

  /** Another worker has the job but has not begun: nothing of what the old one does may come through. */
  async superseded ({ situation: { model, world }, job, at, working }) {
    await world.client.query('UPDATE powercrud.job SET backend_pid = NULL WHERE id = $1', [job.id])
    const claimed = await afterLease(world, job, 'a claim', () => claim(world.engines.far, { jobId: job.id, n: job.n }))
    await world.stand.open()
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
      // It may come to a record at fault before it hears of the wish; nothing is written either way.
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
    await world.stand.open()
    const outcome = await working
    // In one transaction it looks before each statement; behind the last one nothing is left to stop.
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

async function goOn ({ situation: { world: { stand } }, working }: Scene): Promise<void> {
  await stand.open()
  deepEqual(await working, { done: true })
}
