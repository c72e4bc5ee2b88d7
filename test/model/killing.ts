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

/** A worker dies in its transaction, with nobody to tell: of what was not committed nothing is there. */
export async function killStep (situation: Situation, { which, at: kind, place: number, isSwept }: PlanOf<'kill'>): Promise<void> {
  const { model, world } = situation
  const { engines: { far }, mortals, stand } = world
  const job = queuedJob(situation, which)
  if (job === undefined) return
  const place = await placeOf(situation, job, kind, number)
  if (place === undefined || (job.deaths === 2 && !isSwept)) return workOn(situation, job, 'far')

  const worker = await mortals.spare()
  await stand.close(place.standing)
  try {
    let isOver = false
    const working = worker.work(job).finally(() => { isOver = true })
    await until(async () => isOver || (await stand.standing()).length > 0, { intervalMs: 2, what: 'a worker that stands still, or has ended' })
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
      await stand.open()
      deepEqual(await anothers.working, { done: true })
      job.deaths += 1
      perform(model, job)
    }
  } finally {
    await stand.open()
  }
}
