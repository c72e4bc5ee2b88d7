import type { FastifyRequest } from 'fastify'
import { createEngine, type OpenEngine } from '../engine/create-engine.ts'
import type { Config } from './define-config.ts'
import { loadConfig } from './load-config.ts'
import { settlesWithin } from '../../deadline.ts'
import type { Log } from '../../log.ts'
import { configurationError } from '../../errors.ts'
import { resolveOptions, type ResolvedOptions } from '../options/index.ts'
import type { RedisClient } from '../../redis-client.ts'

const closeMs = 5_000

/** Checked options for a process that serves no requests. */
export interface ProcessOptions {
  readonly options: ResolvedOptions<FastifyRequest>
  readonly redis: RedisClient | undefined
}

export interface OpenConfig extends ProcessOptions {
  /** Closes what the config file opened: in a separate process nothing else does. */
  close (): Promise<void>
}

/** Checks a config. @throws invalid_options */
export function resolveConfig (config: Config): ProcessOptions {
  return { options: resolveOptions(config), redis: ownRedis(config.redis) }
}

/** Loads and checks a config file. */
export async function openConfig (path: string | undefined): Promise<OpenConfig> {
  const { options, redis } = resolveConfig(await loadConfig(path))
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
export async function openEngine ({ options, redis }: ProcessOptions, log: Log): Promise<OpenEngine> {
  return await createEngine({
    orm: options.orm,
    redis,
    prefix: options.prefix,
    databaseSchema: options.databaseSchema,
    migrate: options.migrate,
    rules: options,
    resources: options.resources,
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
