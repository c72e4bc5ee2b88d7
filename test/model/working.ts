import { deepEqual, equal, ok } from 'node:assert/strict'
import { claim } from '../../src/execution/run/claim.ts'
import { recoverJobs } from '../../src/operations/cleanup/cleanup.ts'
import { work } from '../helpers/engine.ts'
import type { PlanOf } from './arbitraries.ts'
import type { ModelJob } from './model.ts'
import { die, perform } from './performing.ts'
import { endLease, recover } from './recover.ts'
import { beside, type Situation } from './situation.ts'
import type { Side } from './world.ts'

/** One of the jobs that want a worker, if there is one. */
export function queuedJob ({ model }: Situation, which: number): ModelJob | undefined {
  const queued = model.jobs.filter(({ status }) => status === 'queued')
  return queued[which % queued.length]
}

export async function workOn ({ model, world: { engines } }: Situation, job: ModelJob, side: Side): Promise<void> {
  deepEqual(await work(engines[side], job), { done: true })
  perform(model, job)
}

/** Whatever job is meant: of one that wants no worker the delivery is dropped. */
export async function workStep (situation: Situation, { which, side }: PlanOf<'work'>): Promise<void> {
  const { model, world: { engines } } = situation
  const job = model.jobs[which % model.jobs.length]
  if (job === undefined) return
  if (job.status === 'queued') return workOn(situation, job, side)
  deepEqual(await work(engines[side], job), { done: true })
}

export async function workTwiceStep (situation: Situation, { which }: PlanOf<'workTwice'>): Promise<void> {
  const { model, world: { engines } } = situation
  const job = queuedJob(situation, which)
  if (job === undefined) return
  const outcomes = await Promise.all([engines.near, engines.far].map((engine) => beside(situation, work(engine, job))))
  ok(outcomes.some(({ done }) => done), 'one of them does it')
  perform(model, job)
}

/** Jobs hold different records: at the same time, or one after the other, is the same, unless what they write must be unique. */
export async function workOnAllStep (situation: Situation): Promise<void> {
  const { model, world: { engines } } = situation
  const queued = model.jobs.filter(({ status }) => status === 'queued')
  if (queued.some(({ set, undoOf }) => set === undefined ? undoOf !== undefined : set.amount !== undefined)) {
    for (const job of queued) await workOn(situation, job, 'far')
    return
  }
  await Promise.all(queued.map((job, index) => beside(situation, work(engines[index % 2 === 0 ? 'near' : 'far'], job))))
  for (const job of queued) perform(model, job)
}

export async function dieAtOnceStep (situation: Situation, { which }: PlanOf<'dieAtOnce'>): Promise<void> {
  const { model, world } = situation
  const job = queuedJob(situation, which)
  if (job === undefined) return
  ok(await claim(world.engines.near, { jobId: job.id, n: job.n }))
  await endLease(world, job)
  const { requeued, poisoned } = await recoverJobs(world.engines.far)
  equal(requeued + poisoned, 1)
  die(model, job)
}

export async function brokenWorkStep (situation: Situation, { which, cut }: PlanOf<'brokenWork'>): Promise<void> {
  const { model, world: { engines, cutter } } = situation
  const job = queuedJob(situation, which)
  if (job === undefined) return
  // One more death would end it as poisoned.
  if (job.deaths === 2) return workOn(situation, job, 'near')
  cutter.arm(cut)
  await work(engines.near, job).catch(() => undefined)
  cutter.disarm()
  await recover(situation, job, true)
  perform(model, job)
}

export async function sweepStep ({ world: { engines } }: Situation, { side }: PlanOf<'sweep'>): Promise<void> {
  const { requeued, cancelled, poisoned, stuck, abandoned, granted } = await recoverJobs(engines[side])
  deepEqual([requeued, cancelled, poisoned, stuck, abandoned, granted], [0, 0, 0, 0, 0, 0], 'nothing has to be moved on')
}
