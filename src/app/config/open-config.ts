import type { FastifyRequest } from 'fastify'
import { createEngine, type OpenEngine } from '../engine/create-engine.ts'
import { loadConfig } from './load-config.ts'
import { settlesWithin } from '../../deadline.ts'
import type { Log } from '../../log.ts'
import { configurationError } from '../../errors.ts'
import { resolveOptions, type ResolvedOptions } from '../options/index.ts'
import type { RedisClient } from '../../redis-client.ts'

const closeMs = 5_000

export interface OpenConfig {
  readonly options: ResolvedOptions<FastifyRequest>
  readonly redis: RedisClient | undefined
  /** Ends what the config file made: in a process of its own nobody else does. */
  close (): Promise<void>
}

/** Loads and checks a config file. */
export async function openConfig (path: string | undefined): Promise<OpenConfig> {
  const config = await loadConfig(path)
  const options = resolveOptions(config)
  const redis = ownRedis(config.redis)
  return {
    options,
    redis,
    async close () {
      redis?.disconnect()
      await settlesWithin(closeMs, options.orm.close(true))
    }
  }
}

/** Opens the engine of a config, for a process that serves no requests. */
export async function openEngine ({ options, redis }: OpenConfig, log: Log): Promise<OpenEngine> {
  return await createEngine({
    orm: options.orm,
    redis,
    prefix: options.prefix,
    databaseSchema: options.databaseSchema,
    migrate: options.migrate,
    rules: options,
    resources: new Map(Object.entries(options.resources)),
    tasks: options.tasks,
    manager: options.manager,
    hooks: options.hooks,
    log
  })
}

function ownRedis (redis: object | true | string | undefined): RedisClient | undefined {
  if (redis === undefined || typeof redis === 'object') return redis as RedisClient | undefined
  throw configurationError('invalid_options',
    `redis: ${JSON.stringify(redis)} asks for a client of @fastify/redis, and without a server there is none; give an ioredis client in the config file`)
}
