import { deepEqual } from 'node:assert/strict'
import { recoverJobs } from '../../src/operations/cleanup/cleanup.ts'
import { work } from '../helpers/engine.ts'
import { until } from '../helpers/until.ts'
import type { PlanOf } from './arbitraries.ts'
import { claimedByAnother, placeOf } from './worker-faults.ts'
import { die, perform } from './performing.ts'
import { afterLease } from './recover.ts'
import { beside, type Situation } from './situation.ts'
import { queuedJob, workOn } from './working.ts'

/** A worker is killed in its transaction: what it had not committed is rolled back. */
export async function killStep (situation: Situation, { which, at: kind, place: number, isSwept }: PlanOf<'kill'>): Promise<void> {
  const { model, world } = situation
  const { engines: { far }, killableWorkers, blockingPoint } = world
  const job = queuedJob(situation, which)
  if (job === undefined) return
  const place = await placeOf(situation, job, kind, number)
  if (place === undefined || (job.deaths === 2 && !isSwept)) return workOn(situation, job, 'far')

  const worker = await killableWorkers.spare()
  await blockingPoint.close(place.blockAt)
  try {
    let isOver = false
    const working = worker.work(job).finally(() => { isOver = true })
    await until(async () => isOver || (await blockingPoint.blockedBackends()).length > 0, { intervalMs: 2, what: 'a worker that is blocked, or has ended' })
    if (isOver) {
      deepEqual(await working, { done: true })
      perform(model, job)
      return
    }
    await worker.kill()
    perform(model, job, { at: place.at, commits: false })
    if (isSwept) {
      await afterLease(world, job, 'a sweep that takes a job from its worker', async () => {
        const { requeued, poisoned } = await recoverJobs(far)
        return requeued + poisoned === 1
      })
      die(model, job)
    } else {
      const anothers = await claimedByAnother(world, job, () => beside(situation, work(far, job)))
      await blockingPoint.open()
      deepEqual(await anothers.working, { done: true })
      job.deaths += 1
      perform(model, job)
    }
  } finally {
    await blockingPoint.open()
  }
}
