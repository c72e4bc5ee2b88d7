import { once } from 'node:events'
import { within } from '../deadline.ts'
import { isPowercrudError, problem } from '../errors.ts'
import { duplicateClient, isCluster, type RedisClient } from '../redis-client.ts'
import { retryDelayMs, createFailureReporter } from './reconnect-backoff.ts'

export interface ConnectionSettings {
  /** The name of the connection in CLIENT LIST. */
  name: string
  /** How long Redis may take to connect, respond, and disconnect. */
  timeoutMs: number
  onError: (error: Error) => void
}

/**
 * Opens a lazy connection. Nothing is queued or resent while there is no connection: callers fail at once, and a command
 * that was reported as failed does not take effect minutes later.
 */
export function openConnection (given: RedisClient, { name, timeoutMs, onError }: ConnectionSettings): RedisClient {
  const client = duplicateClient(given, {
    connectionName: name,
    connectTimeout: timeoutMs,
    commandTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    sentinelCommandTimeout: timeoutMs,
    slotsRefreshTimeout: timeoutMs,
    disconnectTimeout: 500,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    autoResubscribe: false,
    lazyConnect: true,
    enableOfflineQueue: false,
    reconnectDelayMs: retryDelayMs
  })
  // Callers wait for `ready` while there is no connection.
  client.setMaxListeners(0)
  const failures = createFailureReporter(onError)
  client.on('error', failures.failed)
  client.on('ready', failures.recovered)
  return client
}

/** Starts connecting, if it is not connecting yet. The outcome arrives as event `ready` or `error`. */
export function ensureConnecting (client: RedisClient): void {
  if (client.status === 'wait' || client.status === 'end') client.connect().catch(() => undefined)
}

/** Closes a connection of ours; resolves when it has ended. */
export async function disconnect (client: RedisClient, timeoutMs: number): Promise<void> {
  // A Cluster that has not found a node yet never emits 'end'.
  if (isCluster(client) && client.nodes().length === 0) return client.disconnect()
  await within(timeoutMs, 'disconnecting from Redis', async (signal) => {
    const ended = once(client, 'end', { signal })
    client.disconnect()
    await ended
  }).catch(() => undefined)
}

/** The commands of one store: each is sent once, on a connection that is ready, and is bounded in time. */
export interface RedisCommands {
  run<Result> (command: (client: RedisClient) => Promise<Result>, timeoutMs?: number): Promise<Result>
  close (): Promise<void>
}

export function openCommands (given: RedisClient, settings: ConnectionSettings): RedisCommands {
  const client = openConnection(given, settings)
  let closing: Promise<void> | undefined
  let lastError: Error | undefined
  client.on('error', (error: Error) => { lastError = error })
  client.on('ready', () => { lastError = undefined })

  /** Waits for a connection in progress; fails at once while Redis is known to be down. */
  async function ready (signal: AbortSignal): Promise<void> {
    if (closing !== undefined) throw problem('unavailable', 'the live store is closed')
    if (client.status === 'ready') return
    ensureConnecting(client)
    if (lastError !== undefined) throw lastError
    await once(client, 'ready', { signal })
  }

  return {
    async run (command, timeoutMs = settings.timeoutMs) {
      try {
        return await within(timeoutMs, 'the live store', async (signal) => {
          await ready(signal)
          return await command(client)
        })
      } catch (error) {
        if (isPowercrudError(error)) throw error
        throw problem('unavailable', 'Redis cannot be reached', { cause: error })
      }
    },
    async close () {
      closing ??= disconnect(client, settings.timeoutMs)
      await closing
    }
  }
}
