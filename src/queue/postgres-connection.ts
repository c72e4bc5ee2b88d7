import { createPostgresBackend, Queue, Worker } from 'bullmq'
import type { PoolConfig } from 'pg'
import type { ConsumerConnection, DeliveryProcess, ProducerConnection, WorkerBehaviour } from './connection.ts'
import { openQueuePool } from './postgres-pool.ts'

const producerConnections = 2
/** One of them listens all the time. */
const consumerConnections = 4
/** A worker whose query failed asks again without a pause of its own. */
const failurePauseMs = 500

export interface PostgresQueueSettings {
  /** How the application's MikroORM connects. */
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
