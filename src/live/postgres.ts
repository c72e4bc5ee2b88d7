import { createHash } from 'node:crypto'
import type { DatabasePool } from '../database/pool.ts'
import { isConnectionError } from '../database/sql.ts'
import type { Tables } from '../database/tables.ts'
import { within } from '../deadline.ts'
import { isPowercrudError, problem } from '../errors.ts'
import type { LiveStore } from './live-store.ts'
import { openListener, type PostgresListener } from './postgres-listener.ts'
import { createSignalHub, encodeSignal } from './signals.ts'
import { forgetProgress, hearProgress, notify, removeExpiredProgress, tellProgress } from './progress-table.ts'

export interface PostgresLiveStoreOptions {
  /** Never closed here. LISTEN gets a connection of its own, made from `config`. */
  database: Pick<DatabasePool, 'query' | 'config'>
  tables: Tables
  /** Where signals go: `liveChannel(…)`. */
  channel: string
  /** How long progress is remembered after it was told. */
  ttlMs: number
  /** Told of what happens in the background: once per outage, not once per attempt. */
  onError: (error: Error) => void
  /** How long a statement may take before its caller is told that the store is not available. */
  timeoutMs?: number
}

/**
 * The channel of one installation in its database. A hash, because names of channels end at 63 bytes, and a schema's
 * alone may have as many.
 */
export function liveChannel (databaseSchema: string, prefix: string): string {
  return `powercrud_${createHash('sha256').update(`${databaseSchema}\0${prefix}`).digest('hex').slice(0, 16)}`
}

/** The embedded default: an unlogged table and NOTIFY. */
export function createPostgresLiveStore (
  { database, tables, channel, ttlMs, onError, timeoutMs = 5_000 }: PostgresLiveStoreOptions
): LiveStore {
  const hub = createSignalHub(onError)
  let listener: PostgresListener | undefined
  let closed = false

  /** Nothing here outlasts the engine's patience: a frozen server leaves its clients waiting for ever. */
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
    async tell (jobId, progress) {
      const notification = { channel, payload: encodeSignal({ jobId, kind: 'progress' }) }
      await bounded(() => tellProgress(database, tables, jobId, progress, ttlMs, notification))
    },
    async hear (jobId) {
      return (await bounded(() => hearProgress(database, tables, [jobId], ttlMs))).get(jobId)
    },
    async hearMany (jobIds) {
      if (jobIds.length === 0) return new Map()
      return await bounded(() => hearProgress(database, tables, jobIds, ttlMs))
    },
    async forget (jobIds) {
      if (jobIds.length > 0) await bounded(() => forgetProgress(database, tables, jobIds))
    },
    async signal (signal) {
      await bounded(() => notify(database, { channel, payload: encodeSignal(signal) }))
    },
    listen (onSignal) {
      if (!closed) listener ??= openListener({ config: database.config, channel, onPayload: hub.publish, onError, timeoutMs })
      return hub.add(onSignal)
    },
    async removeExpired () {
      return await bounded(() => removeExpiredProgress(database, tables, ttlMs))
    },
    async close () {
      closed = true
      hub.clear()
      await listener?.close()
    }
  }
}
