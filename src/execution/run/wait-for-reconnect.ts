import { setTimeout as delay } from 'node:timers/promises'
import { isConnectionError } from '../../database/sql.ts'
import { readServerStart } from '../../database/clock.ts'
import { readJob } from '../../jobs/store/job-rows.ts'
import { isTerminal } from '../../engine/states.ts'
import type { Run, RunEnd } from './run.ts'

/** Waits between two attempts to reach the database. */
const retryMs = 250

export type Reconnection =
  | { kind: 'over', end: RunEnd }
  /** The work can start again. */
  | { kind: 'back', serverStartedAt: Date }

/**
 * Waits until the database answers again. A connection that was lost during the COMMIT leaves open whether it was committed:
 * the job row says so.
 */
export async function waitForReconnect (run: Pick<Run, 'claim' | 'heartbeat'> & { engine: Pick<Run['engine'], 'database' | 'tables'> }): Promise<Reconnection> {
  const { engine: { database, tables }, claim: { job, fence } } = run
  for (;;) {
    if (run.heartbeat.lost.aborted) return { kind: 'over', end: { kind: 'lost' } }
    try {
      const now = await readJob(database, tables, job.id)
      if (now === undefined || now.fence !== fence) return { kind: 'over', end: { kind: 'lost' } }
      if (isTerminal(now.status)) return { kind: 'over', end: { kind: 'ended', job: now } }
      return { kind: 'back', serverStartedAt: await readServerStart(database) }
    } catch (error) {
      if (!isConnectionError(error)) throw error
      await delay(retryMs, undefined, { signal: run.heartbeat.lost }).catch(() => undefined)
    }
  }
}
