import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { createPostgresBackend, Queue, Worker, type PgPool } from 'bullmq'
import { Pool, type PoolConfig } from 'pg'
import { pause, settlesWithin } from '../deadline.ts'
import { sqlState } from '../database/sql.ts'
import type { ConsumerConnection, DeliveryProcess, ProducerConnection, WorkerBehaviour } from './connection.ts'

/** BullMQ's own schema; a pool that it is given must find it there. */
const schema = 'bullmq'
const producerConnections = 2
/** One of them listens all the time. */
const consumerConnections = 4
const connectMs = 2_000
const queryMs = 3_000
/** A worker whose query failed asks again without a pause of its own. */
const failurePauseMs = 500

export interface PostgresQueueSettings {
  /** How the application's MikroORM connects. */
  readonly config: PoolConfig
  readonly queueName: string
  readonly onError: (error: Error) => void
}

export function connectPostgresProducer ({ config, queueName, onError }: PostgresQueueSettings): ProducerConnection {
  const { pool, close } = openPool(config, { max: producerConnections, applicationName: 'powercrud queue', failurePauseMs: 0, onError })
  return {
    kind: 'postgres',
    async openQueue () {
      const queue = new Queue(queueName, { connection: pool, streams: { events: { maxLen: 100 } } }, createPostgresBackend)
      queue.on('error', onError)
      await queue.waitUntilReady()
      return queue
    },
    async ping () {
      await pool.query('SELECT 1')
    },
    close
  }
}

export function connectPostgresConsumer ({ config, queueName, onError }: PostgresQueueSettings): ConsumerConnection {
  const { pool, close } = openPool(config, { max: consumerConnections, applicationName: 'powercrud consumer', failurePauseMs, onError })
  return {
    async openWorker (process: DeliveryProcess, behaviour: WorkerBehaviour) {
      // The worker remembers for ever whether its server answered at first.
      await pool.query('SELECT 1')
      const worker = new Worker(queueName, process, { ...behaviour, connection: pool }, createPostgresBackend)
      worker.on('error', onError)
      await worker.waitUntilReady()
      return worker
    },
    close
  }
}

interface QueuePoolSettings {
  max: number
  applicationName: string
  /** How long a failure is kept back. */
  failurePauseMs: number
  onError: (error: Error) => void
}

interface QueuePool {
  pool: PgPool
  close (timeoutMs: number): Promise<void>
}

/** A pool that BullMQ can be given: bounded in time, found in its schema, and its failures are kept back for a moment. */
function openPool (config: PoolConfig, { max, applicationName, failurePauseMs, onError }: QueuePoolSettings): QueuePool {
  const sockets = new Set<Duplex>()
  const closing = new AbortController()
  const pool = new Pool({
    keepAlive: true,
    ...config,
    max,
    application_name: applicationName,
    connectionTimeoutMillis: connectMs,
    query_timeout: queryMs,
    options: [config.options, `-c search_path=${schema}`].filter(Boolean).join(' '),
    stream: () => {
      const socket = config.stream?.() ?? new Socket()
      sockets.add(socket)
      return socket.once('close', () => sockets.delete(socket))
    }
  })
  pool.on('error', onError)
  // A connection in use tells its loss to the query as well.
  pool.on('connect', (client) => client.on('error', () => undefined))

  async function patiently<Result> (run: () => Promise<Result>): Promise<Result> {
    try {
      return await run()
    } catch (error) {
      // BM001 is BullMQ's own: the entry is not what it was thought to be.
      if (failurePauseMs > 0 && sqlState(error) !== 'BM001') await pause(failurePauseMs, closing.signal)
      throw error
    }
  }

  return {
    pool: {
      query: <Row>(text: string, values?: readonly unknown[]) => patiently(() => pool.query<Row & object>(text, values as unknown[])),
      connect: () => patiently(() => pool.connect()),
      end: () => pool.end(),
      // BullMQ wants to hear of idle connections that were lost; we report them already.
      on () { return this },
      removeAllListeners () { return this }
    },
    async close (timeoutMs) {
      closing.abort()
      const ended = pool.ending ? Promise.resolve() : pool.end()
      if (await settlesWithin(timeoutMs, ended) && sockets.size === 0) return
      for (const socket of sockets) socket.destroy()
    }
  }
}
