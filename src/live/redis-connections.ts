import { once } from 'node:events'
import { within } from '../deadline.ts'
import { isPowercrudError, problem } from '../errors.ts'
import { isCluster, type RedisClient } from '../redis-client.ts'
import { retryDelayMs, watchOutage } from './reconnect-backoff.ts'

export interface ConnectionSettings {
  /** What the connection calls itself in CLIENT LIST. */
  name: string
  /** How long Redis may take to connect, to answer, to say goodbye. */
  timeoutMs: number
  onError: (error: Error) => void
}

/**
 * A connection of our own to the Redis of the given client, made lazily. The client's settings suit the host; ours:
 * - nothing is queued while there is no connection, resent or sent again: callers are told at once, and a command that
 *   was reported as failed does not take effect minutes later
 * - nothing waits for ever, and it connects again for as long as it takes, whatever the host's retryStrategy says
 * - no keyPrefix (ours are whole names already) and no subscribing behind our back (ioredis rejects a promise that
 *   nobody can catch when that fails)
 */
export function connectLike (given: RedisClient, { name, timeoutMs, onError }: ConnectionSettings): RedisClient {
  const everywhere = {
    connectionName: name,
    connectTimeout: timeoutMs,
    commandTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    disconnectTimeout: 500,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    autoResubscribe: false,
    enableAutoPipelining: false,
    keyPrefix: ''
  } as const
  const client: RedisClient = isCluster(given)
    ? given.duplicate([], {
      lazyConnect: true,
      enableOfflineQueue: false,
      enableAutoPipelining: false,
      keyPrefix: '',
      scaleReads: 'master',
      shardedSubscribers: false,
      clusterRetryStrategy: retryDelayMs,
      slotsRefreshTimeout: timeoutMs,
      redisOptions: everywhere
    })
    : given.duplicate({
      ...everywhere,
      lazyConnect: true,
      enableOfflineQueue: false,
      monitor: false,
      retryStrategy: retryDelayMs,
      sentinelRetryStrategy: retryDelayMs,
      sentinelCommandTimeout: timeoutMs
    })
  // Every caller that finds no connection waits for one.
  client.setMaxListeners(0)
  const outage = watchOutage(onError)
  client.on('error', outage.failed)
  client.on('ready', outage.recovered)
  return client
}

/** Starts connecting where nothing does so yet. How it went is told by the events `ready` and `error`. */
export function wakeUp (client: RedisClient): void {
  if (client.status === 'wait' || client.status === 'end') client.connect().catch(() => undefined)
}

/** Closes a connection of ours, once; resolves when it is gone. */
export async function hangUp (client: RedisClient, timeoutMs: number): Promise<void> {
  // A Cluster that has found no node yet never says that it has ended.
  if (isCluster(client) && client.nodes().length === 0) return client.disconnect()
  await within(timeoutMs, 'the goodbye to Redis', async (signal) => {
    const ended = once(client, 'end', { signal })
    client.disconnect()
    await ended
  }).catch(() => undefined)
}

/** The commands of one store: each is sent once, over a connection that is ready, and answered or given up in time. */
export interface RedisCommands {
  run<Result> (command: (client: RedisClient) => Promise<Result>, timeoutMs?: number): Promise<Result>
  close (): Promise<void>
}

export function openCommands (given: RedisClient, settings: ConnectionSettings): RedisCommands {
  const client = connectLike(given, settings)
  let closing: Promise<void> | undefined
  let lastError: Error | undefined
  client.on('error', (error: Error) => { lastError = error })
  client.on('ready', () => { lastError = undefined })

  /** Waits for a connection that is being made; while Redis is known to be away, nobody waits. */
  async function ready (signal: AbortSignal): Promise<void> {
    if (closing !== undefined) throw problem('unavailable', 'the live store is closed')
    if (client.status === 'ready') return
    wakeUp(client)
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
      closing ??= hangUp(client, settings.timeoutMs)
      await closing
    }
  }
}
