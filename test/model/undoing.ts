import type { Engine } from '../../src/engine/engine.ts'
import type { JobRow } from '../../src/engine/job-row.ts'
import { launchUndo } from '../../src/operations/launch/launch-again.ts'
import type { PlanOf } from './arbitraries.ts'
import { editStep, insertStep, removeStep } from './edits.ts'
import { agree, answerOf, launchStep, type Answer } from './launches.ts'
import { undo } from './launching.ts'
import { isLiving, type Model, type ModelJob } from './model.ts'
import { beside, type Situation } from './situation.ts'
import { queuedJob, workOn } from './working.ts'
import type { Side } from './world.ts'

/** Undoes a job, of which persons have changed records meanwhile. Of two who undo the same job at the same time, one does. */
export async function undoStep (situation: Situation, { which, anyJob, written, since, twice, side }: PlanOf<'undo'>): Promise<void> {
  const { model, world: { engines, job } } = situation
  if (writing(model).length === 0) await writeFirst(situation, written)
  const candidates = anyJob === true ? model.jobs : writing(model)
  const undone = candidates[which % candidates.length]
  if (undone === undefined) return
  for (const change of since) await changeOneOf(situation, undone, change)
  const row = await job(undone.id)
  const sides: Side[] = twice === true ? ['near', 'far'] : [side]
  const answers = await Promise.all(sides.map((side) => beside(situation, undoReally(engines[side], row))))
  for (const answer of answers.sort((one, other) => Number('code' in one) - Number('code' in other))) agree(undo(model, undone), answer)
}

async function writeFirst (situation: Situation, plan: PlanOf<'launch'>): Promise<void> {
  const queued = queuedJob(situation, 0)
  if (queued !== undefined) await workOn(situation, queued, 'far')
  if (writing(situation.model).length === 0) await launchStep(situation, { ...plan, here: true })
}

function undoReally (engine: Engine, row: JobRow): Promise<Answer> {
  return answerOf(launchUndo(engine, row, { user: null, view: { em: engine.orm.em.fork(), scope: undefined } }))
}

/** The jobs that have ended, and written something. */
function writing ({ jobs }: Model): ModelJob[] {
  return jobs.filter((job) => !isLiving(job) && job.counts.succeeded > 0)
}

async function changeOneOf (situation: Situation, { chunks }: ModelJob, { place, how, set, record }: PlanOf<'undo'>['since'][number]): Promise<void> {
  const ids = chunks.flatMap(({ images }) => [...images.keys()])
  const id = ids[place % ids.length]
  if (id === undefined) return
  if (how === 'edited') await editStep(situation, { id, set })
  if (how === 'removed' || how === 'replaced') await removeStep(situation, { id })
  if (how === 'replaced') await insertStep(situation, { id, record })
}
