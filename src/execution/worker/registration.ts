import { pause, within } from '../../deadline.ts'
import type { Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'
import { registerWorker, type WorkerEntry, unregisterWorker } from '../../jobs/store/workers.ts'

/** Where workers register. */
export interface WorkerRegistry {
  readonly sql: Sql
  readonly tables: Tables
  /** Milliseconds after which a worker that was not renewed is considered dead; it is renewed several times within them. */
  readonly deadAfterMs: number
}

const renewAtLeastEveryMs = 5_000
/** During an outage of the database the attempts are more frequent, so that its length does not make the worker look dead. */
const reconnectMs = 500
const statementMs = 3_000

export interface Registration {
  /** Stops renewing, and records that the worker has stopped. */
  end (): Promise<void>
}

/** Keeps a worker registered from now on. An outage of the database is reported once; after it the worker is registered again. */
export function keepRegistered ({ sql, tables, deadAfterMs }: WorkerRegistry, entry: WorkerEntry, onError: (error: Error) => void): Registration {
  const renewEveryMs = Math.min(renewAtLeastEveryMs, deadAfterMs / 4)
  const ending = new AbortController()
  const renewing = keepRenewing()

  async function keepRenewing (): Promise<void> {
    let isUnavailable = false
    while (!ending.signal.aborted) {
      try {
        await within(statementMs, 'renewing the registration of the worker', () => registerWorker(sql, tables, entry))
        isUnavailable = false
      } catch (error) {
        if (!isUnavailable) onError(error as Error)
        isUnavailable = true
      }
      await pause(isUnavailable ? Math.min(reconnectMs, renewEveryMs) : renewEveryMs, ending.signal)
    }
  }

  return {
    async end () {
      ending.abort()
      // Not before the last renewal has ended: it would bring the row back.
      await renewing
      await within(statementMs, 'recording that the worker has stopped', () => unregisterWorker(sql, tables, entry.id)).catch(onError)
    }
  }
}
