import { createConsumer } from './consumer.ts'
import type { QueueBackend } from './job-queue.ts'
import { connectPostgresConsumer, connectPostgresProducer, type PostgresQueueSettings } from './postgres-connection.ts'
import { createProducer } from './producer.ts'
import { quietly } from './ignore-failure.ts'
import { connectRedisConsumer, connectRedisProducer, type RedisQueueSettings } from './redis-connection.ts'

interface DeliverySettings {
  /** How long a delivery stays with a consumer that shows no sign of life any more. The claim's lease, by default. */
  readonly leaseMs?: number
}

const defaultLeaseMs = 30_000

/** BullMQ on PostgreSQL, with connections of its own. Its tables (schema `bullmq`) must have been migrated. */
export function createPostgresQueueBackend ({ leaseMs = defaultLeaseMs, ...settings }: PostgresQueueSettings & DeliverySettings): QueueBackend {
  return {
    kind: 'postgres',
    createQueue: async () => createProducer(connectPostgresProducer({ ...settings, onError: quietly(settings.onError) })),
    createConsumer: async (consumer) => createConsumer((onError) => connectPostgresConsumer({ ...settings, onError }), leaseMs, consumer)
  }
}

/** BullMQ on Redis: standalone, Sentinel or Cluster, whatever the given client is connected to. */
export function createRedisQueueBackend ({ leaseMs = defaultLeaseMs, ...settings }: RedisQueueSettings & DeliverySettings): QueueBackend {
  return {
    kind: 'redis',
    createQueue: async () => createProducer(connectRedisProducer({ ...settings, onError: quietly(settings.onError) })),
    createConsumer: async (consumer) => createConsumer((onError) => connectRedisConsumer({ ...settings, onError }), leaseMs, consumer)
  }
}
