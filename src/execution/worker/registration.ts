import { pause, within } from '../../deadline.ts'
import type { Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'
import { registerWorker, type WorkerEntry, unregisterWorker } from '../../jobs/store/workers.ts'

/** Where workers tell that they live. */
export interface WorkerRegistry {
  readonly sql: Sql
  readonly tables: Tables
  /** After how long a silent worker is taken for dead, milliseconds; a worker tells several times within it. */
  readonly deadAfterMs: number
}

const renewAtLeastEveryMs = 5_000
/** A database that is away is looked for more often: how long it was must not make the worker look dead. */
const reconnectMs = 500
const statementMs = 3_000

export interface Registration {
  /** Stops telling, and tells that it has stopped. */
  end (): Promise<void>
}

/** Tells from now on that a worker lives. A database that is away is reported once, and told again when it is back. */
export function keepRegistered ({ sql, tables, deadAfterMs }: WorkerRegistry, entry: WorkerEntry, onError: (error: Error) => void): Registration {
  const renewEveryMs = Math.min(renewAtLeastEveryMs, deadAfterMs / 4)
  const ending = new AbortController()
  const renewing = keepRenewing()

  async function keepRenewing (): Promise<void> {
    let isAway = false
    while (!ending.signal.aborted) {
      try {
        await within(statementMs, 'telling that the worker lives', () => registerWorker(sql, tables, entry))
        isAway = false
      } catch (error) {
        if (!isAway) onError(error as Error)
        isAway = true
      }
      await pause(isAway ? Math.min(reconnectMs, renewEveryMs) : renewEveryMs, ending.signal)
    }
  }

  return {
    async end () {
      ending.abort()
      // Not before the last renewal has ended: it would bring the row back.
      await renewing
      await within(statementMs, 'telling that the worker has stopped', () => unregisterWorker(sql, tables, entry.id)).catch(onError)
    }
  }
}
