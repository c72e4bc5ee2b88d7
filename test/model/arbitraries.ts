import fc from 'fast-check'
import { type OnConflict, type OnError, onConflictModes, onErrorModes } from '../../schemas/job.ts'
import type { Cut } from './connection-breaker.ts'
import type { Filter } from './filter.ts'
import type { ModelOrder } from './model.ts'
import type { ChangeSet, ModelRecord, Records } from './records.ts'
import type { Side } from './world.ts'

/** Objects as they come out of JSON. */
function object<Shape extends object, Keys extends keyof Shape = keyof Shape> (members: { [Name in keyof Shape]: fc.Arbitrary<Shape[Name]> }, constraints: { requiredKeys?: Keys[] } = {}) {
  return fc.record(members, { ...constraints, noNullPrototype: true })
}

/** Mostly left out. */
function seldom<Value> (value: fc.Arbitrary<Value>): fc.Arbitrary<Value | undefined> {
  return fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: value })
}

/** How many records there are at first at most; ids beyond are missing. */
const lastId = 24
const id = fc.integer({ min: 1, max: lastId + 4 })
const statuses = ['new', 'done', 'held']
const status = fc.constantFrom(...statuses)
const priority = fc.option(fc.integer({ min: 1, max: 5 }))
const notes = fc.option(fc.constantFrom('boom', 'keep', 'a', 'Ab', 'b%_', "it's \\ \" $1 ?", ''))
/** Digits that stand for the same amount in several ways. */
const amount = fc.option(fc.constantFrom('1', '1.5', '1.50', '2.00', '2', '7'))
const owner = fc.option(fc.integer({ min: 1, max: 4 }))
const label = fc.integer({ min: 1, max: 5 })
const labels = fc.uniqueArray(label, { maxLength: 3 })

const record: fc.Arbitrary<ModelRecord> = object({
  status,
  priority,
  notes,
  amount: fc.constant(null),
  owner: fc.option(fc.integer({ min: 1, max: 3 })),
  labels: labels.map((members) => members.filter((member) => member !== 4).sort()),
  version: fc.constant(1)
}).map((made) => made.status === 'done' && made.priority === 3 ? { ...made, priority: null } : made)

/** A table that breaks none of its own rules; some amounts are there already. */
export const records: fc.Arbitrary<Records> = object({
  items: fc.uniqueArray(fc.tuple(fc.integer({ min: 1, max: lastId }), record), { minLength: 1, maxLength: lastId, size: 'max', selector: ([id]) => id }),
  amounts: fc.uniqueArray(fc.constantFrom(1, 1.5, 2, 7), { maxLength: 4 }),
  receipts: fc.uniqueArray(fc.integer({ min: 1, max: lastId }), { maxLength: 4 }),
  visits: fc.uniqueArray(fc.integer({ min: 1, max: lastId }), { maxLength: 4 })
}).map(({ items, amounts, receipts, visits }) => {
  const rows = new Map(items.map(([id, made], index) => [id, { ...made, amount: amounts[index] ?? null }]))
  const there = (ids: number[]) => new Set(ids.filter((id) => rows.has(id)))
  return { items: rows, owners: new Set([1, 2, 3]), labels: new Set([1, 2, 3, 4, 5]), receipts: there(receipts), visits: there(visits), writes: new Map() }
})

/** Some conditions of a field, as its schema lets them through. */
function conditions<Value> (value: fc.Arbitrary<Value>, names: readonly string[], nullable: boolean): fc.Arbitrary<unknown> {
  const operands: Record<string, fc.Arbitrary<unknown>> = {
    eq: nullable ? fc.option(value) : value,
    ne: nullable ? fc.option(value) : value,
    in: fc.array(value, { minLength: 1, maxLength: 3 }),
    nin: fc.array(value, { minLength: 1, maxLength: 3 }),
    gt: value,
    gte: value,
    lt: value,
    lte: value,
    contains: fc.constantFrom('a', 'B', '%', '_', '\\', "'"),
    startsWith: fc.constantFrom('a', 'b%', 'It', '$'),
    isNull: fc.boolean()
  }
  const chosen = object(Object.fromEntries(names.map((name) => [name, operands[name]!])), { requiredKeys: [] })
    .filter((made) => Object.keys(made).length > 0)
  return fc.oneof({ weight: 1, arbitrary: nullable ? fc.option(value) : value }, { weight: 3, arbitrary: chosen.map(few) })
}

/** Of many conditions little is left to match. */
function few (made: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(made).slice(0, 2))
}

const equality = ['eq', 'ne', 'in', 'nin', 'isNull']
const ordered = [...equality, 'gt', 'gte', 'lt', 'lte']
const filter: fc.Arbitrary<Filter> = object({
  id: conditions(id, ordered, false),
  status: conditions(status, equality, false),
  priority: conditions(fc.integer({ min: 1, max: 5 }), ordered, true),
  notes: conditions(fc.constantFrom('boom', 'a', 'Ab', ''), ['contains', 'startsWith', ...ordered], true),
  amount: conditions(fc.constantFrom('1', '1.5', '1.50', '2'), ordered, true),
  owner: conditions(fc.integer({ min: 1, max: 4 }), equality, true)
}, { requiredKeys: [] }).filter((made) => Object.keys(made).length > 0).map(few)

/** `offBy`: how many more than there are the caller expects; undefined: nothing is said. */
export type SelectionPlan =
  | { kind: 'ids', ids: number[], versions?: ('right' | 'wrong')[] | undefined }
  | { kind: 'filter', filter: Filter, exclude?: number[] | undefined, offBy?: number | undefined }
  | { kind: 'all', exclude?: number[] | undefined, offBy?: number | undefined }

const exclude = seldom(fc.array(id, { maxLength: 8 }))
const offBy = seldom(fc.constantFrom(0, 0, 1, -1))
const selection: fc.Arbitrary<SelectionPlan> = fc.oneof(
  {
    weight: 4,
    arbitrary: object({
      kind: fc.constant('ids' as const),
      ids: fc.array(id, { minLength: 1, maxLength: 16, size: 'max' }),
      versions: seldom(fc.array(fc.constantFrom('right' as const, 'right' as const, 'right' as const, 'wrong' as const), { minLength: 16, maxLength: 16 }))
    })
  },
  { weight: 3, arbitrary: object({ kind: fc.constant('filter' as const), filter, exclude, offBy }) },
  { weight: 3, arbitrary: object({ kind: fc.constant('all' as const), exclude, offBy }) })

const members = fc.oneof(
  object({ add: fc.uniqueArray(label, { minLength: 1, maxLength: 2 }), remove: fc.uniqueArray(label, { minLength: 1, maxLength: 2 }) }, { requiredKeys: [] }).filter((change) => Object.keys(change).length > 0),
  object({ replace: labels }))

const fields = object({ status, priority, notes, amount, owner, labels: members }, { requiredKeys: [] }).filter((set) => Object.keys(set).length > 0)
const changeSet: fc.Arbitrary<ChangeSet> = fc.tuple(fields, fc.nat({ max: 5 })).map(([set, turn]) => {
  const entries = Object.entries(set)
  const first = turn % entries.length
  // Three at most, and each as often as the others.
  return Object.fromEntries([...entries.slice(first), ...entries.slice(0, first)].slice(0, 3)) as ChangeSet
})

const order: fc.Arbitrary<ModelOrder> = object({
  resource: fc.constantFrom<ModelOrder['resource']>('items', 'items', 'items', 'entities', 'entities', 'ruled', 'ruled', 'forgetful'),
  set: fc.oneof({ weight: 3, arbitrary: changeSet }, { weight: 1, arbitrary: fc.constant(undefined) })
})

const manners = {
  side: fc.constantFrom<Side>('near', 'near', 'far'),
  onError: fc.constantFrom<OnError>(...onErrorModes),
  onConflict: fc.constantFrom<OnConflict>(...onConflictModes, 'wait', 'skip')
}

const scope = seldom(filter)
const here = fc.boolean()
/** Which of the jobs (or previews) that there are, whatever their number. */
const which = fc.nat({ max: 9 })
const cut: fc.Arbitrary<Cut> = object({ message: fc.integer({ min: 1, max: 40 }), arrives: fc.boolean() })

const launchPlan = object({ selection, order, scope, here, ...manners })
export type LaunchPlan = typeof launchPlan extends fc.Arbitrary<infer Plan> ? Plan : never

const edited = object({ status, priority, notes, owner: fc.option(fc.integer({ min: 1, max: 3 })) }, { requiredKeys: [] })

/** A change to a record that a job has written. */
const since = object({ place: fc.nat({ max: 20 }), how: fc.constantFrom('edited' as const, 'removed' as const, 'replaced' as const), set: edited, record })

const waitingPlan = object({
  ids: fc.array(id, { minLength: 1, maxLength: 3 }), order, onError: manners.onError, side: manners.side
}).map(({ ids, ...plan }): LaunchPlan => ({ ...plan, selection: { kind: 'ids', ids }, scope: undefined, here: false, onConflict: 'wait' }))

/** Faults of a worker that is blocked in its transaction. */
export const workerFaults = [
  'nothing', 'backendEnded', 'requeuedAndDone', 'requeued', 'reclaimed', 'fenced', 'superseded', 'cancelled', 'cancelledAndDied', 'stopped'
] as const
export type WorkerFault = typeof workerFaults[number]

/** One of a job's records, or the end of one of its chunks. */
const placeInJob = { at: fc.constantFrom('record' as const, 'record' as const, 'chunk' as const), place: fc.nat({ max: 30 }) }

export const steps = {
  launch: launchPlan,
  /** Launches for a few records each, which wait for them. */
  waiting: object({ plans: fc.array(waitingPlan, { minLength: 2, maxLength: 4 }) }),
  /** Two servers launch at the same time. */
  race: object({ one: launchPlan, other: launchPlan }),
  /** The connection is lost in the middle of a launch, which is retried with the same Idempotency-Key. */
  brokenLaunch: object({ plan: launchPlan, cut }),
  preview: object({ selection, order, scope, side: manners.side }),
  execute: object({ which, isOther: fc.constantFrom(false, false, false, true), here, ...manners }),
  retry: object({ which, side: manners.side }),
  /**
   * Of any job, or mostly of one that has written something; where there is none, one is worked on, or launched. Twice: on
   * two servers at the same time.
   */
  undo: object({ which, anyJob: seldom(fc.constant(true)), written: launchPlan, since: fc.array(since, { maxLength: 2 }), twice: seldom(fc.constant(true)), side: manners.side }),
  cancel: object({ which }),
  work: object({ which, side: manners.side }),
  /** Two workers receive one delivery. */
  workTwice: object({ which }),
  workOnAll: object({}),
  /** A fault while a worker is blocked at one of its records, or at the end of one of its chunks. */
  workerFault: object({ which, side: manners.side, fault: fc.constantFrom(...workerFaults), ...placeInJob }),
  /** A worker that claims a job, and dies. */
  dieAtOnce: object({ which }),
  /** The process of a worker is killed in its transaction; a sweep recovers its job, or the next worker does. */
  kill: object({ which, ...placeInJob, isSwept: fc.boolean() }),
  /** A worker's connections break, one at any moment. */
  brokenWork: object({ which, cut }),
  edit: object({ id, set: edited }),
  insert: object({ id, record }),
  remove: object({ id }),
  removeOwner: object({ id: fc.integer({ min: 1, max: 3 }) }),
  removeLabel: object({ id: label }),
  sweep: object({ side: manners.side })
}

const weights: Record<keyof typeof steps, number> = {
  launch: 10,
  waiting: 3,
  race: 2,
  brokenLaunch: 2,
  preview: 2,
  execute: 2,
  retry: 3,
  undo: 10,
  cancel: 2,
  work: 4,
  workTwice: 1,
  workOnAll: 2,
  workerFault: 8,
  dieAtOnce: 1,
  kill: 1,
  brokenWork: 4,
  edit: 3,
  insert: 1,
  remove: 2,
  removeOwner: 1,
  removeLabel: 1,
  sweep: 1
}

type Steps = { [Name in keyof typeof steps]: typeof steps[Name] extends fc.Arbitrary<infer Plan> ? Plan : never }
export type Step<Name extends keyof Steps = keyof Steps> = { [N in Name]: { step: N, plan: Steps[N] } }[Name]
export type PlanOf<Name extends keyof Steps> = Steps[Name]

const step = fc.oneof(...Object.entries(steps).map(([name, plan]) => ({
  weight: weights[name as keyof typeof steps],
  arbitrary: (plan as fc.Arbitrary<unknown>).map((plan) => ({ step: name, plan }) as Step)
})))

/** The records of a table, and the steps of a test. */
export const scenario = object({
  records,
  // Without a job at first most of the other steps would do nothing.
  first: launchPlan.map((plan): Step => ({ step: 'launch', plan: { ...plan, here: false } })),
  following: fc.array(step, { maxLength: 12, size: 'max' })
}).map(({ records, first, following }) => ({ records, steps: [first, ...following] }))
export type Scenario = typeof scenario extends fc.Arbitrary<infer Made> ? Made : never
