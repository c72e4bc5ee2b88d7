import { fail } from 'node:assert/strict'
import { isTerminal } from '../../src/engine/states.ts'
import { recoverJobs } from '../../src/operations/cleanup/cleanup.ts'
import { work } from '../helpers/engine.ts'
import { until } from '../helpers/until.ts'
import type { ModelJob } from './model.ts'
import type { Situation } from './situation.ts'
import type { World } from './world.ts'

/** Ends the lease that stands, as if it had run out. */
export async function endLease ({ client }: World, { id }: Pick<ModelJob, 'id'>): Promise<void> {
  await client.query("UPDATE powercrud.job SET lease = now() - interval '1 minute' WHERE id = $1 AND lease IS NOT NULL", [id])
}

/** The same, for what a sweep or another claim does then: a heartbeat may be on its way, since the worker is not really dead. */
export async function afterLease<Result> (world: World, job: Pick<ModelJob, 'id'>, what: string, run: () => Promise<Result>): Promise<Exclude<Result, false | undefined>> {
  return await until(async () => {
    await endLease(world, job)
    return run()
  }, { what }) as Exclude<Result, false | undefined>
}

/**
 * Recovers from any fault by sweeps and another worker. How often the job was delivered on the way, and how many workers it
 * lost, is not predictable.
 */
export async function recover ({ world }: Situation, expected: ModelJob | undefined, toItsEnd: boolean): Promise<void> {
  if (expected !== undefined) await bringOn(world, expected, toItsEnd)
  await recoverJobs(world.engines.far)
}

async function bringOn (world: World, expected: ModelJob, toItsEnd: boolean): Promise<void> {
  const { engines: { far }, job } = world
  for (let turn = 1; turn <= 5; turn += 1) {
    const row = await job(expected.id)
    expected.n = row.n
    expected.deaths = row.deaths
    if (isTerminal(row.status) || row.status === 'waiting' || (row.status === 'queued' && !toItsEnd)) return
    if (row.status === 'queued') await work(far, row)
    else {
      await endLease(world, row)
      await recoverJobs(far)
    }
  }
  fail(`job ${expected.id} lives still`)
}
