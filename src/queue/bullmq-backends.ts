import { createConsumer } from './consumer.ts'
import type { QueueBackend } from './job-queue.ts'
import { connectPostgresConsumer, connectPostgresProducer, type PostgresQueueSettings } from './postgres-connection.ts'
import { createProducer } from './producer.ts'
import { reportOncePerMinute } from './error-rate-limit.ts'
import { connectRedisConsumer, connectRedisProducer, type RedisQueueSettings } from './redis-connection.ts'

interface DeliverySettings {
  /** How long a delivery stays with a consumer that has stopped responding. The claim's lease, by default. */
  readonly leaseMs?: number
}

const defaultLeaseMs = 30_000

/** BullMQ on PostgreSQL, with connections of its own. Its tables (schema `bullmq`) must have been migrated. */
export function createPostgresQueueBackend ({ leaseMs = defaultLeaseMs, ...settings }: PostgresQueueSettings & DeliverySettings): QueueBackend {
  return {
    kind: 'postgres',
    createQueue: async () => createProducer(connectPostgresProducer({ ...settings, onError: reportOncePerMinute(settings.onError) })),
    createConsumer: async (consumer) => createConsumer((onError) => connectPostgresConsumer({ ...settings, onError }), leaseMs, consumer)
  }
}

/** BullMQ on Redis: standalone, Sentinel or Cluster, as the given client. */
export function createRedisQueueBackend ({ leaseMs = defaultLeaseMs, ...settings }: RedisQueueSettings & DeliverySettings): QueueBackend {
  return {
    kind: 'redis',
    createQueue: async () => createProducer(connectRedisProducer({ ...settings, onError: reportOncePerMinute(settings.onError) })),
    createConsumer: async (consumer) => createConsumer((onError) => connectRedisConsumer({ ...settings, onError }), leaseMs, consumer)
  }
}
