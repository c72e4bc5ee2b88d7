import { setTimeout as pause } from 'node:timers/promises'
import { Client, type PoolConfig } from 'pg'
import { quote } from '../database/sql.ts'
import { within } from '../deadline.ts'
import { retryDelayMs, createFailureReporter } from './reconnect-backoff.ts'

const disconnectMs = 1_000

/** A method of pg's clients that is missing in its types. */
type Unreferable = Client & { unref (): void }

export interface ListenerSettings {
  config: PoolConfig
  channel: string
  onPayload: (payload: string) => void
  onError: (error: Error) => void
  /** The longest wait for a response of the server. */
  timeoutMs: number
  /** The interval of keepalive queries on an idle connection. */
  checkMs?: number
}

/** A LISTEN that is kept up until it is closed. */
export interface PostgresListener {
  /** Resolves when its connection has ended, or does not respond to the disconnect. */
  close (): Promise<void>
}

/**
 * Listens on a connection of its own: a pool recycles its clients, and a LISTEN must stay. Reconnects with backoff for as
 * long as it takes. Firewalls silently drop idle connections, hence the keepalive queries.
 */
export function openListener ({ config, channel, onPayload, onError, timeoutMs, checkMs = 30_000 }: ListenerSettings): PostgresListener {
  const closing = new AbortController()
  const failures = createFailureReporter(onError)

  async function keepListening (): Promise<void> {
    while (!closing.signal.aborted) {
      await listenOnce().catch((error: unknown) => {
        if (!closing.signal.aborted) failures.failed(error)
      })
      await pause(retryDelayMs(failures.failureCount), undefined, { signal: closing.signal }).catch(() => undefined)
    }
  }

  /** Rejects when the connection fails; resolves when the listener is closed. */
  async function listenOnce (): Promise<void> {
    const client = new Client({
      connectionTimeoutMillis: timeoutMs,
      keepAlive: true,
      keepAliveInitialDelayMillis: 10_000,
      ...config,
      application_name: 'powercrud live'
    })
    const { promise: lost, reject: lose } = Promise.withResolvers<never>()
    // It may reject while nothing waits for it.
    lost.catch(() => undefined)
    client.on('error', lose)
    client.on('notification', ({ payload }) => { if (payload !== undefined) onPayload(payload) })
    try {
      await client.connect()
      await within(timeoutMs, 'LISTEN', () => client.query(`LISTEN ${quote(channel)}`))
      failures.recovered()
      while (!closing.signal.aborted) {
        await Promise.race([lost, pause(checkMs, undefined, { signal: closing.signal }).catch(() => undefined)])
        if (!closing.signal.aborted) await within(timeoutMs, 'the keepalive query', () => client.query('SELECT 1'))
      }
    } finally {
      // A dead connection never confirms the disconnect: its socket is left to time out, and does not keep the process alive.
      await within(disconnectMs, 'disconnecting', () => client.end()).catch(() => (client as Unreferable).unref())
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
