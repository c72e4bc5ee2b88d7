import { pause, within } from '../deadline.ts'
import type { Sql } from '../database/sql.ts'
import type { Tables } from '../database/tables.ts'
import { registerWorker, type WorkerEntry } from './sql/register-worker.ts'
import { unregisterWorker } from './sql/unregister-worker.ts'

/** Where workers tell that they live. */
export interface WorkerRegistry {
  readonly sql: Sql
  readonly tables: Tables
}

/** Several times within the time after which a silent worker is taken for dead, which is a lease. */
const renewEveryMs = 5_000
const statementMs = 3_000

export interface Registration {
  /** Stops telling, and tells that it has stopped. */
  end (): Promise<void>
}

/** Tells from now on that a worker lives. A database that is away is reported once, and told again when it is back. */
export function keepRegistered ({ sql, tables }: WorkerRegistry, entry: WorkerEntry, onError: (error: Error) => void): Registration {
  const ending = new AbortController()
  const telling = keepTelling()

  async function keepTelling (): Promise<void> {
    let isAway = false
    while (!ending.signal.aborted) {
      try {
        await within(statementMs, 'telling that the worker lives', () => registerWorker(sql, tables, entry))
        isAway = false
      } catch (error) {
        if (!isAway) onError(error as Error)
        isAway = true
      }
      await pause(renewEveryMs, ending.signal)
    }
  }

  return {
    async end () {
      ending.abort()
      // Not before the last renewal has ended: it would bring the row back.
      await telling
      await within(statementMs, 'telling that the worker has stopped', () => unregisterWorker(sql, tables, entry.id)).catch(onError)
    }
  }
}
