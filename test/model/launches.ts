import { deepEqual, equal } from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { isPowercrudError, type PowercrudError } from '../../src/errors.ts'
import { cancelJob } from '../../src/operations/cancel-job.ts'
import { idempotencyClaim } from '../../src/jobs/idempotency.ts'
import { launchRetry } from '../../src/operations/launch/launch-again.ts'
import type { BulkLaunch } from '../../src/operations/launch/launch-bulk.ts'
import { performBulk } from '../../src/operations/launch/perform-bulk.ts'
import { previewBulk } from '../../src/operations/preview/preview-bulk.ts'
import { conditionOf } from '../../src/entities/conditions.ts'
import { bulkLaunch } from '../helpers/engine.ts'
import { until } from '../helpers/until.ts'
import type { LaunchPlan, PlanOf } from './arbitraries.ts'
import { compare } from './compare.ts'
import { failuresOf, launch, preview, type ModelLaunch, type Refused } from './launching.ts'
import { canBeRetried, isLiving, recordsOf, sizeOf, type Model } from './model.ts'
import { cancel } from './performing.ts'
import { recover } from './recover.ts'
import { freeze, type ModelSelection } from './selection.ts'
import { beside, type Situation } from './situation.ts'
import { chunkSizes, type Side } from './world.ts'

export type Answer = { id: string } | Refused

/** A launch as the model and the engine understand it, of a plan that is made without regard to what exists. */
function launchOf (model: Model, { selection: plan, order, scope, side, onError, onConflict }: Omit<LaunchPlan, 'here'>): ModelLaunch & { selection: ModelSelection } {
  const chunkSize = chunkSizes[side]
  return { ...order, selection: selectionOf(model, plan, scope, chunkSize), scope, onError, onConflict, chunkSize }
}

function selectionOf (model: Model, plan: LaunchPlan['selection'], scope: LaunchPlan['scope'], chunkSize: number): ModelSelection {
  if (plan.kind === 'ids') {
    const { ids, versions } = plan
    const versionOf = (id: number, index: number) => (model.records.items.get(id)?.version ?? 1) + (versions?.[index] === 'wrong' ? 1 : 0)
    return { ids, ...(versions !== undefined && { versions: ids.map((id, index) => String(versionOf(id, index))) }) }
  }
  const { exclude, offBy } = plan
  const open = { ...(plan.kind === 'all' ? { all: true as const } : { filter: plan.filter }), ...(exclude !== undefined && { exclude }) }
  return { ...open, ...(offBy !== undefined && { expectedCount: sizeOf(freeze(model.records, open, scope, chunkSize)) + offBy }) }
}

function request ({ world: { engines } }: Situation, side: Side, { resource, selection, set, scope, onError, onConflict }: ModelLaunch, more: Partial<BulkLaunch>): BulkLaunch {
  const engine = engines[side]
  const em = engine.orm.em.fork()
  return bulkLaunch(engine, resource, {
    selection: structuredClone(selection) as BulkLaunch['selection'],
    ...(set !== undefined && { set: structuredClone(set) as Record<string, unknown> }),
    onError,
    onConflict,
    // In MikroORM's terms, as applications write it.
    view: { em, scope: scope === undefined ? undefined : conditionOf(engine.resources.get(resource)!, em, scope) },
    ...more
  })
}

/** The outcome of a launch: a job, or the code of its refusal. Other errors fail the test. */
export async function answerOf (launching: Promise<{ id: string }>): Promise<Answer> {
  try {
    return { id: (await launching).id }
  } catch (error) {
    if (!isPowercrudError(error)) throw error
    return refusalOf(error)
  }
}

function refusalOf (error: PowercrudError): Refused {
  const { code, count, conflicts, conflictCount } = error
  if (conflicts !== undefined) equal(conflicts.length, conflictCount)
  return { code, ...(count !== undefined && { count }), ...(conflicts !== undefined && { locked: conflicts.map(({ id }) => id as number) }) }
}

/** The model says the same, and takes over the job's id. */
export function agree (expected: { id: string } | Refused, answer: Answer): void {
  if ('id' in expected && 'id' in answer) expected.id = answer.id
  else deepEqual(answer, 'id' in expected ? 'a job' : expected)
}

async function launchReally (situation: Situation, side: Side, order: ModelLaunch, here: boolean, more: Partial<BulkLaunch> = {}): Promise<{ id: string, replayed: boolean }> {
  const { job, replayed } = await performBulk(situation.world.engines[side], request(situation, side, order, { runInRequest: here ? 'always' : 'never', ...more }))
  return { id: job.id, replayed }
}

export async function launchStep (situation: Situation, plan: PlanOf<'launch'>): Promise<void> {
  const order = launchOf(situation.model, plan)
  const answer = await answerOf(launchReally(situation, plan.side, order, plan.here))
  agree(launch(situation.model, order, plan.here), answer)
}

export async function waitingLaunchesStep (situation: Situation, { plans }: PlanOf<'waiting'>): Promise<void> {
  for (const plan of plans) await launchStep(situation, plan)
}

/** Whichever launch was first, the other one has seen its effect. */
export async function raceStep (situation: Situation, { one, other }: PlanOf<'race'>): Promise<void> {
  const { model, world } = situation
  const orders = [one, other].map((plan) => launchOf(model, plan))
  const answers = await Promise.all([one, other].map(({ side }, index) => beside(situation, answerOf(launchReally(situation, side, orders[index]!, false)))))
  const inTurn = async (first: 0 | 1) => {
    const after = structuredClone(model)
    for (const index of [first, 1 - first]) agree(launch(after, orders[index]!, false), answers[index]!)
    await compare(after, world)
    return after
  }
  const first = await firstByTicket(situation, answers)
  situation.model = first === undefined ? await inTurn(0).catch(() => inTurn(1)) : await inTurn(first)
}

/** The order of two jobs that both wait is known only by their tickets. */
async function firstByTicket ({ world: { client } }: Situation, answers: readonly Answer[]): Promise<0 | 1 | undefined> {
  const ids = answers.flatMap((answer) => 'id' in answer ? [answer.id] : [])
  if (ids.length < 2) return undefined
  const { rows: [first] } = await client.query<{ id: string }>('SELECT id FROM powercrud.job WHERE id = ANY($1) ORDER BY ticket LIMIT 1', [ids])
  return first!.id === ids[0] ? 0 : 1
}

/** A client without a response retries with the same key: there is one job or none, as the response says. */
export async function brokenLaunchStep (situation: Situation, { plan, cut }: PlanOf<'brokenLaunch'>): Promise<void> {
  const { model, world: { cutter } } = situation
  const order = launchOf(model, { ...plan, side: 'near' })
  const idempotency = idempotencyClaim({ key: randomUUID(), userId: null, route: '/', body: null })
  cutter.arm(cut)
  const first = await answerOf(launchReally(situation, 'near', order, plan.here, { idempotency }))
  cutter.disarm()
  let wasMadeNear = true
  const again = async () => {
    const answer = await answerOf(launchReally(situation, 'far', order, plan.here, { idempotency }).then((job) => {
      wasMadeNear = job.replayed
      return job
    }))
    // The server may not have noticed the lost connection yet.
    return 'code' in answer && answer.code === 'idempotency_in_flight' ? undefined : answer
  }
  const answer = 'code' in first && first.code === 'unavailable' ? await until(again, { what: 'an answer to a launch that is retried' }) : first
  const launched = launch(model, { ...order, chunkSize: chunkSizes[wasMadeNear ? 'near' : 'far'] }, plan.here)
  agree(launched, answer)
  await recover(situation, 'id' in launched ? launched : undefined, plan.here)
}

export async function previewStep (situation: Situation, { side, ...plan }: PlanOf<'preview'>): Promise<void> {
  const { model, world: { engines } } = situation
  const order = launchOf(model, { ...plan, side, onError: 'continue', onConflict: 'fail' })
  const { operation, selection, ...common } = request(situation, side, order, {})
  const made = preview(model, order)
  let previewed: Awaited<ReturnType<typeof previewBulk>> | undefined
  const answer = await answerOf(previewBulk(engines[side], { ...common, operation: operation as 'update' | 'delete', selection: selection as ModelSelection }).then((preview) => {
    previewed = preview
    return { id: preview.previewId }
  }))
  agree(made, answer)
  if (previewed === undefined || 'code' in made) return
  const taken = new Set(model.jobs.filter(isLiving).flatMap(recordsOf))
  deepEqual({
    count: previewed.count,
    conflicts: previewed.conflicts.map(({ id }) => id),
    failures: previewed.failures.map(({ index, id, code }) => ({ index, id, code }))
  }, {
    count: sizeOf(made.chunks),
    conflicts: recordsOf(made).filter((id) => taken.has(id)).sort((one, other) => one - other),
    failures: failuresOf(model, made)
  }, 'the contents of a preview')
}

export async function executeStep (situation: Situation, { which, isOther, here, side, onError, onConflict }: PlanOf<'execute'>): Promise<void> {
  const { model } = situation
  if (model.previews.length === 0) return
  const previewOf = which % model.previews.length
  const { id, resource, set } = model.previews[previewOf]!
  const otherSet = set === undefined ? { status: 'new' } : undefined
  const order: ModelLaunch = { resource, set: isOther ? otherSet : set, selection: { previewOf }, onError, onConflict, chunkSize: chunkSizes[side] }
  const answer = await answerOf(launchReally(situation, side, order, here, { selection: { previewId: id } }))
  agree(launch(model, order, here), answer)
}

export async function retryStep ({ model, world: { engines, job } }: Situation, { which, side }: PlanOf<'retry'>): Promise<void> {
  if (model.jobs.length === 0) return
  const retryOf = which % model.jobs.length
  const before = model.jobs[retryOf]!
  const engine = engines[side]
  const answer = await answerOf(launchRetry(engine, await job(before.id), { user: null, view: { em: engine.orm.em.fork(), scope: undefined } }))
  const { resource, set, onError, onConflict } = before
  const expected = canBeRetried(before)
    ? launch(model, { resource, set, selection: { retryOf }, onError, onConflict, chunkSize: chunkSizes[side] }, false)
    : { code: 'wrong_state' }
  agree(expected, answer)
}

export async function cancelStep ({ model, world: { engines } }: Situation, { which }: PlanOf<'cancel'>): Promise<void> {
  if (model.jobs.length === 0) return
  const job = model.jobs[which % model.jobs.length]!
  const answer = await answerOf(cancelJob(engines.far, job.id))
  agree(isLiving(job) ? job : { code: 'wrong_state' }, answer)
  if (isLiving(job)) cancel(model, job)
}
