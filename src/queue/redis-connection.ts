import { once } from 'node:events'
import { Queue, QueueKeys, RedisConnection, RedisQueueBackend, Worker, type QueueOptions } from 'bullmq'
import { duplicateClient, type DuplicateOptions, type RedisClient } from '../redis-client.ts'
import type { ConsumerConnection, DeliveryProcess, ProducerConnection, WorkerBehaviour } from './connection.ts'

const producerReadyMs = 1_000
const consumerReadyMs = 5_000
const commandMs = 2_500
/** A connection without a response for this long was dropped by the network. A blocking read gets a response within 10 s. */
const maxSilenceMs = 15_000
const maxReconnectMs = 500

export interface RedisQueueSettings {
  /** The application's client. Only duplicates of it are used, and only they are closed. */
  readonly redis: RedisClient
  /** The prefix of all keys, after the client's own `keyPrefix`. */
  readonly prefix: string
  readonly queueName: string
  readonly onError: (error: Error) => void
}

export function connectRedisProducer ({ redis, prefix, queueName, onError }: RedisQueueSettings): ProducerConnection {
  // Fails at once while there is no connection, and resends nothing later: an abandoned command has no effect.
  const client = open(redis, onError, {
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    commandTimeout: commandMs,
    socketTimeout: commandMs
  })
  return {
    kind: 'redis',
    async openQueue () {
      await waitUntilReady(client, producerReadyMs)
      const queue = new Queue(queueName, { connection: client, prefix: keyPrefix(redis, prefix), streams: { events: { maxLen: 100 } } })
      queue.on('error', onError)
      await queue.waitUntilReady()
      return queue
    },
    async ping () {
      await waitUntilReady(client, producerReadyMs)
      await client.ping()
    },
    async close () {
      client.disconnect()
    }
  }
}

export function connectRedisConsumer ({ redis, prefix, queueName, onError }: RedisQueueSettings): ConsumerConnection {
  const options = { maxRetriesPerRequest: null, socketTimeout: maxSilenceMs }
  const client = open(redis, onError, options)
  const blocking = open(redis, onError, options)
  return {
    async openWorker (process: DeliveryProcess, behaviour: WorkerBehaviour) {
      await Promise.all([client, blocking].map((each) => waitUntilReady(each, consumerReadyMs)))
      const worker = new Worker(queueName, process, { ...behaviour, connection: client, prefix: keyPrefix(redis, prefix) },
        (name, queueOptions) => backendOn(client, blocking, name, queueOptions))
      worker.on('error', onError)
      await worker.waitUntilReady()
      return worker
    },
    async close () {
      client.disconnect()
      blocking.disconnect()
    }
  }
}

/** BullMQ's backend on two clients of ours: the one that BullMQ opens itself could not be destroyed from here. */
function backendOn (client: RedisClient, blocking: RedisClient, name: string, options: QueueOptions): RedisQueueBackend {
  const keys = new QueueKeys(options.prefix)
  return new RedisQueueBackend(
    new RedisConnection(client, { shared: true, blocking: false }),
    name,
    keys.getKeys(name),
    (type) => keys.toKey(name, type),
    options,
    new RedisConnection(blocking, { shared: true, blocking: true })
  )
}

/** All keys of a queue share one hash tag, as a Cluster requires. BullMQ refuses a client with a `keyPrefix`. */
function keyPrefix (redis: RedisClient, prefix: string): string {
  const ownPrefix = redis.options.keyPrefix ?? ''
  return `{${ownPrefix}${prefix}}`
}

/** Opens a connection that reconnects for ever, and has no limits but the given ones. */
function open (redis: RedisClient, onError: (error: Error) => void, options: Partial<DuplicateOptions>): RedisClient {
  const client = duplicateClient(redis, {
    autoResendUnfulfilledCommands: true,
    lazyConnect: false,
    enableOfflineQueue: true,
    reconnectDelayMs: (attempt) => Math.min(attempt * 50, maxReconnectMs),
    ...options
  })
  client.on('error', onError)
  return client
}

async function waitUntilReady (client: RedisClient, ms: number): Promise<void> {
  if (client.status === 'ready' || (client.status === 'connect' && client.isCluster)) return
  await once(client, 'ready', { signal: AbortSignal.timeout(ms) })
}
