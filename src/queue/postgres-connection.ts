import { createPostgresBackend, Queue, Worker } from 'bullmq'
import type { PoolConfig } from 'pg'
import type { ConsumerConnection, DeliveryProcess, ProducerConnection, WorkerBehaviour } from './connection.ts'
import { openQueuePool } from './postgres-pool.ts'

const producerConnections = 2
/** One of them is used by LISTEN all the time. */
const consumerConnections = 4
/** BullMQ's worker retries a failed query without a pause. */
const failurePauseMs = 500

export interface PostgresQueueSettings {
  /** The connection config of the application's MikroORM. */
  readonly config: PoolConfig
  readonly queueName: string
  readonly onError: (error: Error) => void
}

export function connectPostgresProducer ({ config, queueName, onError }: PostgresQueueSettings): ProducerConnection {
  const { pool, close } = openQueuePool(config, { max: producerConnections, applicationName: 'powercrud queue', failurePauseMs: 0, onError })
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
  const { pool, close } = openQueuePool(config, { max: consumerConnections, applicationName: 'powercrud consumer', failurePauseMs, onError })
  return {
    async openWorker (process: DeliveryProcess, behaviour: WorkerBehaviour) {
      // A worker whose server did not respond at first never recovers.
      await pool.query('SELECT 1')
      const worker = new Worker(queueName, process, { ...behaviour, connection: pool }, createPostgresBackend)
      worker.on('error', onError)
      await worker.waitUntilReady()
      return worker
    },
    close
  }
}
