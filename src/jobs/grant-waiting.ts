import { retryTransaction } from '../database/retry-transaction.ts'
import type { Engine } from '../engine/engine.ts'
import { engineError, isPowercrudError } from '../errors.ts'
import { enqueueAgain } from './enqueue.ts'
import { hasOverlap, nextGrantable, type WaitingJob, setHeld } from './locks/tickets.ts'
import { lockRoots } from './locks/root-locks.ts'
import { grantJob } from './store/transitions.ts'

/** The parts of the engine that grant records. */
export type GrantParts = Pick<Engine, 'database' | 'tables' | 'queue' | 'live' | 'log'>

/**
 * Grants free records to the jobs that wait for them, in the order of their tickets, so that none starves and there are no
 * cycles. Called after the end of each job, and by the sweep. Resolves to the number of granted jobs.
 */
export async function grantWaiting (engine: GrantParts): Promise<number> {
  const { database, tables } = engine
  let granted = 0
  for (let job = await nextGrantable(database, tables, '0'); job !== undefined; job = await nextGrantable(database, tables, job.ticket)) {
    if (!await grant(engine, job)) continue
    granted += 1
    await enqueueAgain(engine, job)
  }
  return granted
}

/** One transaction per job, under the same locks as a launch. Rolled back for a job that does not wait any more. */
async function grant ({ database, tables }: Pick<Engine, 'database' | 'tables'>, job: WaitingJob): Promise<boolean> {
  return retryTransaction(() => database.transaction(async (sql) => {
    await lockRoots(sql, tables.schema, job.roots.map(({ root }) => root))
    for (const { root, kind } of job.roots) {
      if (await hasOverlap(sql, tables, { kind, selectionId: job.selection_id, root, ticket: job.ticket })) return false
    }
    // Chunks first, then the job, as everywhere: a cancel locks both in this order.
    await setHeld(sql, tables, job.selection_id)
    if (!await grantJob(sql, tables, job.id)) throw engineError('lease_lost')
    return true
  })).catch((error: unknown) => {
    if (isPowercrudError(error, 'lease_lost')) return false
    throw error
  })
}
