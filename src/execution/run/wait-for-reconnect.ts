import { setTimeout as delay } from 'node:timers/promises'
import { isConnectionError } from '../../database/sql.ts'
import { readJob } from '../../jobs/store/job-rows.ts'
import { isTerminal } from '../../engine/states.ts'
import type { Run, RunEnd } from './run.ts'

/** Waits between looks at a database that does not answer. */
const reconnectMs = 250

/**
 * A connection lost during COMMIT is neither a yes nor a no: the job row tells. Resolves to the end, if that is what
 * it tells; undefined when the work is to go on.
 */
export async function waitForReconnect (run: Pick<Run, 'engine' | 'claim' | 'heartbeat'>): Promise<RunEnd | undefined> {
  const { engine: { database, tables }, claim: { job, fence } } = run
  for (;;) {
    if (run.heartbeat.lost.aborted) return { kind: 'left' }
    try {
      const now = await readJob(database, tables, job.id)
      if (now === undefined || now.fence !== fence) return { kind: 'left' }
      return isTerminal(now.status) ? { kind: 'ended', job: now } : undefined
    } catch (error) {
      if (!isConnectionError(error)) throw error
      await delay(reconnectMs, undefined, { signal: run.heartbeat.lost }).catch(() => undefined)
    }
  }
}
