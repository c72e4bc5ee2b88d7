import { Redis } from 'ioredis'
import { createPostgresQueueBackend, createRedisQueueBackend } from '../../src/queue/bullmq-backends.ts'
import type { QueueBackend } from '../../src/queue/job-queue.ts'

export interface BackendAddress {
  kind: QueueBackend['kind']
  url: string
  prefix: string
  queueName: string
  leaseMs: number
}

/** The backend at an address, in any process; `close` disconnects the client that an application would have passed to it. */
export function openBackend ({ kind, url, prefix, queueName, leaseMs }: BackendAddress, onError: (error: Error) => void): { backend: QueueBackend, close: () => void } {
  if (kind === 'postgres') {
    const backend = createPostgresQueueBackend({ config: { connectionString: url }, queueName, leaseMs, onError })
    return { backend, close: () => undefined }
  }
  // As @fastify/redis creates it: with ioredis's default limits.
  const redis = new Redis(url)
  redis.on('error', () => undefined)
  return { backend: createRedisQueueBackend({ redis, prefix, queueName, leaseMs, onError }), close: () => redis.disconnect() }
}
