import { createHash } from 'node:crypto'
import type { DatabasePool } from '../database/pool.ts'
import { isConnectionError } from '../database/sql.ts'
import type { Tables } from '../database/tables.ts'
import { within } from '../deadline.ts'
import { isPowercrudError, problem } from '../errors.ts'
import type { LiveStore } from './live-store.ts'
import { openListener, type PostgresListener } from './postgres-listener.ts'
import { createSignalHub, encodeSignal } from './signals.ts'
import { deleteProgress, readProgress, notify, deleteExpiredProgress, upsertProgress } from './progress-table.ts'

export interface PostgresLiveStoreOptions {
  /** Never closed here. LISTEN gets a connection of its own, made from `config`. */
  database: Pick<DatabasePool, 'query' | 'config'>
  tables: Tables
  /** The channel of the signals: `liveChannel(…)`. */
  channel: string
  /** How long progress is kept after it was published. */
  ttlMs: number
  /** Called for errors in the background: once per outage, not once per attempt. */
  onError: (error: Error) => void
  /** How long a statement may take before its caller gets `unavailable`. */
  timeoutMs?: number
}

/** The channel of one installation and prefix. A hash, because channel names are limited to 63 bytes, which a prefix alone may have. */
export function liveChannel (installationId: string, prefix: string): string {
  return `powercrud_${createHash('sha256').update(`${installationId}\0${prefix}`).digest('hex').slice(0, 16)}`
}

/** The embedded default: an unlogged table and NOTIFY. */
export function createPostgresLiveStore (
  { database, tables, channel, ttlMs, onError, timeoutMs = 5_000 }: PostgresLiveStoreOptions
): LiveStore {
  const hub = createSignalHub(onError)
  let listener: PostgresListener | undefined
  let closed = false

  /** Bounds every statement: a frozen server would block its clients for ever. */
  const bounded = async <Result>(statement: () => Promise<Result>, limitMs = timeoutMs): Promise<Result> => {
    try {
      return await within(limitMs, 'the live store', statement)
    } catch (error) {
      if (isPowercrudError(error) || !isConnectionError(error)) throw error
      throw problem('unavailable', 'PostgreSQL cannot be reached', { cause: error })
    }
  }

  return {
    kind: 'postgres',
    async ping (limitMs) {
      await bounded(() => database.query('SELECT 1'), limitMs)
    },
    async publish (jobId, progress) {
      const notification = { channel, payload: encodeSignal({ jobId, kind: 'progress' }) }
      await bounded(() => upsertProgress(database, tables, jobId, progress, ttlMs, notification))
    },
    async read (jobId) {
      return (await bounded(() => readProgress(database, tables, [jobId], ttlMs))).get(jobId)
    },
    async readMany (jobIds) {
      if (jobIds.length === 0) return new Map()
      return await bounded(() => readProgress(database, tables, jobIds, ttlMs))
    },
    async forget (jobIds) {
      if (jobIds.length > 0) await bounded(() => deleteProgress(database, tables, jobIds))
    },
    async signal (signal) {
      await bounded(() => notify(database, { channel, payload: encodeSignal(signal) }))
    },
    subscribe (onSignal) {
      if (!closed) listener ??= openListener({ config: database.config, channel, onPayload: hub.publish, onError, timeoutMs })
      return hub.add(onSignal)
    },
    async removeExpired () {
      return await bounded(() => deleteExpiredProgress(database, tables, ttlMs))
    },
    async close () {
      closed = true
      hub.clear()
      await listener?.close()
    }
  }
}
