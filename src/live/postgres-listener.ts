import { setTimeout as pause } from 'node:timers/promises'
import { Client, type PoolConfig } from 'pg'
import { quote } from '../database/sql.ts'
import { within } from '../deadline.ts'
import { retryDelayMs, watchOutage } from './reconnect-backoff.ts'

const goodbyeMs = 1_000

/** A method of pg's clients that its types do not know. */
type Unreferable = Client & { unref (): void }

export interface ListenerSettings {
  config: PoolConfig
  channel: string
  onPayload: (payload: string) => void
  onError: (error: Error) => void
  /** How long the server may take to answer. */
  timeoutMs: number
  /** How often a connection that says nothing is asked whether it is still there. */
  checkMs?: number
}

/** A LISTEN that lasts until it is closed. */
export interface PostgresListener {
  /** Resolves when its connection is gone, or does not answer the goodbye. */
  close (): Promise<void>
}

/**
 * Listens on a connection of its own: a pool hands its clients out and closes them, a LISTEN must stay. A lost
 * connection is made again for as long as it takes. Firewalls drop what is idle for long and tell nobody, hence the
 * question from time to time.
 */
export function openListener ({ config, channel, onPayload, onError, timeoutMs, checkMs = 30_000 }: ListenerSettings): PostgresListener {
  const closing = new AbortController()
  const outage = watchOutage(onError)

  async function keepListening (): Promise<void> {
    while (!closing.signal.aborted) {
      await listenOnce().catch((error: unknown) => {
        if (!closing.signal.aborted) outage.failed(error)
      })
      await pause(retryDelayMs(outage.failureCount), undefined, { signal: closing.signal }).catch(() => undefined)
    }
  }

  /** Rejects when the connection is lost or cannot be made; resolves when the listener is closed. */
  async function listenOnce (): Promise<void> {
    const client = new Client({
      connectionTimeoutMillis: timeoutMs,
      keepAlive: true,
      keepAliveInitialDelayMillis: 10_000,
      ...config,
      application_name: 'powercrud live'
    })
    const { promise: lost, reject: lose } = Promise.withResolvers<never>()
    // Nobody may be waiting for it when it happens.
    lost.catch(() => undefined)
    client.on('error', lose)
    client.on('notification', ({ payload }) => { if (payload !== undefined) onPayload(payload) })
    try {
      await client.connect()
      await within(timeoutMs, 'LISTEN', () => client.query(`LISTEN ${quote(channel)}`))
      outage.recovered()
      while (!closing.signal.aborted) {
        await Promise.race([lost, pause(checkMs, undefined, { signal: closing.signal }).catch(() => undefined)])
        if (!closing.signal.aborted) await within(timeoutMs, 'the connection that listens', () => client.query('SELECT 1'))
      }
    } finally {
      // Over a dead connection the goodbye is never answered: such a socket is left to die, and holds no process up.
      await within(goodbyeMs, 'the goodbye', () => client.end()).catch(() => (client as Unreferable).unref())
    }
  }

  const ended = keepListening()
  return {
    async close () {
      closing.abort()
      await ended
    }
  }
}
