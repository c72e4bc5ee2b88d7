// Plays random scenarios (selections, change sets, failures, conflicts, crashes, lost connections) on a small table, and
// compares after each step everything that the database holds with a model that uses no SQL.
//
// A new kind of step has an arbitrary in `steps` of arbitraries.ts, and what it does to model and world in play.ts.
//
// An ordinary run plays the same scenarios each time: what fails was broken by what was changed.
// MODEL_RUNS: how many others, of a random seed, without a time limit; give tap -t0 with it.
// MODEL_SEED, MODEL_PATH: plays the scenario again that a failure names.

import fc from 'fast-check'
import t from 'tap'
import { scenario, type Step } from './arbitraries.ts'
import { playScenario } from './play.ts'
import { openWorld } from './world.ts'

const { MODEL_RUNS: runs, MODEL_PATH: path } = process.env
const { MODEL_SEED: seed = runs === undefined ? '1' : undefined } = process.env
const world = await openWorld(t)

t.test('the database afterwards is what the model says', { timeout: 0 }, async () => {
  // No scenario begins behind it, nor does one of the search for a smaller one that fails. fast-check's own limit would
  // go on while a scenario is still being played, in the world that the next test takes.
  const deadline = performance.now() + (runs === undefined ? 35_000 : Infinity)
  await fc.assert(fc.asyncProperty(scenario, async (made) => {
    if (performance.now() < deadline) await playScenario(world, made)
  }), {
    numRuns: Number(runs ?? 80),
    timeout: 200_000,
    ...(seed !== undefined && { seed: Number(seed), path: path ?? '' })
  })
})

t.test('a delete is done, and once, wherever its connections break', async () => {
  const items = new Map(Array.from({ length: 5 }, (_, index) => [index + 1, {
    status: 'new', priority: null, notes: index === 2 ? 'keep' : null, amount: null, owner: null, labels: [], version: 1
  }]))
  const records = { items, owners: new Set<number>(), labels: new Set<number>(), receipts: new Set<number>(), visits: new Set<number>(), writes: new Map<number, number>() }
  for (let message = 1; message <= 24; message += 1) {
    const onError = message % 3 === 0 ? 'rollback' : 'continue'
    const launch: Step = {
      step: 'launch',
      plan: { selection: { kind: 'all' }, order: { resource: 'items', set: undefined }, scope: undefined, here: false, side: 'near', onError, onConflict: 'fail' }
    }
    await playScenario(world, { records, steps: [launch, { step: 'brokenWork', plan: { which: 0, cut: { message, arrives: message % 2 === 0 } } }] })
  }
})
