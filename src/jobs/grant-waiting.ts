import type { Engine } from '../engine/engine.ts'
import { hasOverlap, nextGrantable, type WaitingJob, setHeld } from './locks/tickets.ts'
import { lockRoots } from './locks/root-locks.ts'
import { grantJob } from './store/transitions.ts'

/**
 * Gives records to the jobs that wait for them, in the order of their tickets: so nobody starves, and nothing goes in
 * circles. Called by whoever ends a job, and by the sweep. Resolves to how many jobs were granted.
 */
export async function grantWaiting (engine: Engine): Promise<number> {
  const { database, tables, queue, live, log } = engine
  let granted = 0
  for (let job = await nextGrantable(database, tables, '0'); job !== undefined; job = await nextGrantable(database, tables, job.ticket)) {
    if (!await grant(engine, job)) continue
    granted += 1
    try {
      await queue.add({ jobId: job.id, n: job.n })
      await live.signal({ jobId: job.id, kind: 'status' })
    } catch (error) {
      log.warn({ jobId: job.id, err: error }, 'the queue does not take a granted job; the next sweep will add it')
    }
  }
  return granted
}

/** One transaction per job, under the same locks as a launch. */
async function grant ({ database, tables }: Engine, job: WaitingJob): Promise<boolean> {
  return database.transaction(async (sql) => {
    await lockRoots(sql, tables.schema, job.roots.map(({ root }) => root))
    for (const { root, kind } of job.roots) {
      if (await hasOverlap(sql, tables, { kind, selectionId: job.selection_id, root, ticket: job.ticket })) return false
    }
    if (!await grantJob(sql, tables, job.id)) return false
    await setHeld(sql, tables, job.selection_id)
    return true
  })
}
