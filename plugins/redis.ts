import type { FastifyInstance } from 'fastify'
import { configurationError } from '../src/errors.ts'
import type { RedisClient } from '../src/redis-client.ts'

/** The client that the option `redis` names: itself, that of `@fastify/redis`, or one of its namespaces. */
export function resolveRedis (app: FastifyInstance, redis: object | true | string | undefined): RedisClient | undefined {
  if (redis === undefined) return undefined
  if (typeof redis === 'object') return redis as RedisClient
  const decorated = (app as { redis?: unknown }).redis
  const found = redis === true ? decorated : (decorated as Record<string, unknown> | undefined)?.[redis]
  if (isClient(found)) return found
  throw configurationError('invalid_options', redis === true
    ? 'redis: true asks for app.redis, but there is no such client; register @fastify/redis, without a namespace, before fastify-powercrud-async'
    : `redis: '${redis}' asks for the namespace ${redis} of @fastify/redis, but there is none; ${namespacesOf(decorated)}`)
}

function isClient (value: unknown): value is RedisClient {
  return typeof (value as { duplicate?: unknown } | undefined)?.duplicate === 'function'
}

function namespacesOf (decorated: unknown): string {
  if (typeof decorated !== 'object' || decorated === null) return 'register @fastify/redis before fastify-powercrud-async'
  const names = Object.entries(decorated).filter(([, client]) => isClient(client)).map(([name]) => name)
  return `registered are: ${names.length === 0 ? 'none' : names.join(', ')}`
}
