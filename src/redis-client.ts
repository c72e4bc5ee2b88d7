import type { Cluster, Redis, RedisOptions } from 'ioredis'

/** Standalone, Sentinel or Cluster, as the application passes it. Queue and live store use duplicates of it. */
export type RedisClient = Redis | Cluster

export function isCluster (client: RedisClient): client is Cluster {
  return client.isCluster
}

export interface DuplicateOptions extends RedisOptions {
  /** Milliseconds before each attempt to reconnect. It reconnects for ever, whatever the host's retryStrategy says. */
  reconnectDelayMs: (attempt: number) => number
  lazyConnect: boolean
  enableOfflineQueue: boolean
  /** How long a Cluster's client may take to refresh its slots. */
  slotsRefreshTimeout?: number
}

/**
 * A connection of our own to the Redis of the given client. The host's client may have any settings; those on which our
 * commands depend are set here, and the caller sets the limits. No keyPrefix (our keys are complete), no automatic
 * resubscription (when that fails, ioredis rejects a promise that cannot be caught), no pipelining behind our back.
 */
export function duplicateClient (given: RedisClient, { reconnectDelayMs, lazyConnect, enableOfflineQueue, slotsRefreshTimeout, ...options }: DuplicateOptions): RedisClient {
  const redisOptions: RedisOptions = {
    keyPrefix: '',
    readOnly: false,
    monitor: false,
    stringNumbers: false,
    replyMapping: 'legacy',
    enableAutoPipelining: false,
    commandTimeout: undefined,
    socketTimeout: undefined,
    blockingTimeout: undefined,
    ...options
  }
  if (!isCluster(given)) {
    return given.duplicate({ ...redisOptions, lazyConnect, enableOfflineQueue, retryStrategy: reconnectDelayMs, sentinelRetryStrategy: reconnectDelayMs })
  }
  return given.duplicate([], {
    keyPrefix: '',
    lazyConnect,
    enableOfflineQueue,
    enableAutoPipelining: false,
    scaleReads: 'master',
    shardedSubscribers: false,
    clusterRetryStrategy: reconnectDelayMs,
    ...(slotsRefreshTimeout !== undefined && { slotsRefreshTimeout }),
    redisOptions
  })
}
