import { deepEqual } from 'node:assert/strict'
import type { PlanOf, Scenario, Step, steps as plans } from './arbitraries.ts'
import { compare } from './compare.ts'
import { editStep, insertStep, removeLabelStep, removeOwnerStep, removeStep } from './edits.ts'
import { killStep } from './killing.ts'
import { brokenLaunchStep, cancelStep, executeStep, launchStep, waitingLaunchesStep, previewStep, raceStep, retryStep } from './launches.ts'
import { workerFaultStep } from './worker-faults.ts'
import { isLiving } from './model.ts'
import { copyOf } from './records.ts'
import type { Situation } from './situation.ts'
import { undoStep } from './undoing.ts'
import { brokenWorkStep, dieAtOnceStep, queuedJob, sweepStep, workOn, workOnAllStep, workStep, workTwiceStep } from './working.ts'
import type { World } from './world.ts'

/** What each kind of step does to the model and to the world. */
const play: { [Name in keyof typeof plans]: (situation: Situation, plan: PlanOf<Name>) => Promise<void> } = {
  launch: launchStep,
  waiting: waitingLaunchesStep,
  race: raceStep,
  brokenLaunch: brokenLaunchStep,
  preview: previewStep,
  execute: executeStep,
  retry: retryStep,
  undo: undoStep,
  cancel: cancelStep,
  work: workStep,
  workTwice: workTwiceStep,
  workOnAll: workOnAllStep,
  workerFault: workerFaultStep,
  dieAtOnce: dieAtOnceStep,
  kill: killStep,
  brokenWork: brokenWorkStep,
  edit: editStep,
  insert: insertStep,
  remove: removeStep,
  removeOwner: removeOwnerStep,
  removeLabel: removeLabelStep,
  sweep: sweepStep
}

/** Plays a scenario to its end, at which no job is live. After each step the world agrees with the model. */
export async function playScenario (world: World, { records, steps }: Scenario): Promise<void> {
  const situation: Situation = { model: { records: copyOf(records), jobs: [], previews: [] }, world, underway: [] }
  await world.reset(records)
  try {
    await playSteps(situation, steps as Step[])
  } finally {
    await Promise.all(situation.underway)
  }
}

async function playSteps (situation: Situation, steps: readonly Step[]): Promise<void> {
  for (const { step, plan } of steps) {
    await (play[step] as (situation: Situation, plan: unknown) => Promise<void>)(situation, plan)
    await compare(situation.model, situation.world)
  }
  for (let job = queuedJob(situation, 0); job !== undefined; job = queuedJob(situation, 0)) {
    await workOn(situation, job, 'far')
    await compare(situation.model, situation.world)
  }
  deepEqual(situation.model.jobs.filter(isLiving), [], 'every job has ended')
}
