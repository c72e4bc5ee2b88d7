import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import type { EntityMetadata } from '@mikro-orm/core'
import type { MikroORM } from '@mikro-orm/postgresql'
import type { FastifyRequest } from 'fastify'
import { registerEngine } from '../../jobs/context/open-engines.ts'
import { migrate, pendingMigrations } from '../../migrations/migrate.ts'
import { createPool, type DatabasePool } from '../../database/pool.ts'
import { readInstallationId } from '../../database/installation.ts'
import { tablesIn, type Tables } from '../../database/tables.ts'
import type { Engine, EngineResource, EngineRules } from '../../engine/engine.ts'
import type { Log } from '../../log.ts'
import { configurationError } from '../../errors.ts'
import type { LifecycleHooks } from '../../engine/lifecycle-events.ts'
import { createLifecycle } from '../../jobs/lifecycle/lifecycle.ts'
import type { LiveStore } from '../../live/live-store.ts'
import { createPostgresLiveStore, liveChannel } from '../../live/postgres-live-store.ts'
import { createRedisLiveStore } from '../../live/redis-live-store.ts'
import { createPostgresQueueBackend, createRedisQueueBackend } from '../../queue/bullmq-backends.ts'
import type { AsyncManager } from '../manager/async-manager.ts'
import { openManagers } from '../manager/open-managers.ts'
import type { AnyClass, PluginOptions, ResolvedResourceOptions } from '../options/index.ts'
import type { QueueBackend } from '../../queue/job-queue.ts'
import type { RedisClient } from '../../redis-client.ts'
import { readEntityTables, type EntityTables } from '../../entities/entity-tables.ts'
import { tableErrors } from '../../entities/unfit-tables.ts'
import { describeResource } from '../../entities/resource.ts'
import { chunkSize } from '../../jobs/selection/freeze.ts'
import { createTasks } from '../../execution/tasks/task-definitions.ts'
import { chooseWriters } from '../../execution/writers/choose-writer.ts'

/** Connections of the engine's own: launches, claims and ends of all jobs of a process. */
const poolSize = 8

/** Heartbeats and live progress: a launch that waits for a lock must not keep a lease from being renewed. */
const pulseSize = 3

/** The longest lease: a false reclaim repeats work, a long lease delays the recovery of a dead worker's job. */
const leaseAtMostMs = 30_000

export interface EngineSettings {
  orm: MikroORM
  /** The client that the application gives; queue and live store make duplicates of it. */
  redis: RedisClient | undefined
  prefix: string
  databaseSchema: string
  /** Create and upgrade the tables at start. */
  migrate: boolean
  rules: EngineRules
  /** The checked options of each resource, by name. */
  resources: { readonly [name: string]: ResolvedResourceOptions<FastifyRequest> }
  /** The application's tasks, by name. */
  tasks?: PluginOptions['tasks']
  /** The application's own AsyncManager. */
  manager?: AnyClass | undefined
  hooks?: LifecycleHooks
  log: Log
  /** Records of a chunk at most; what is best for big selections when left out. */
  chunkSize?: number | undefined
}

/** An engine, and what it takes to work for it and to close it. */
export interface OpenEngine {
  engine: Engine
  /** The application's manager, or ours. */
  manager: AsyncManager
  queueBackend: QueueBackend
  /** Closes what was opened here, never what was given. */
  close (): Promise<void>
}

/**
 * Opens the engine on the application's database.
 * @throws migrations_missing when the tables are not those of this version, and `migrate` is off; invalid_options for
 * resources whose table is missing, or is none that jobs can work on
 */
export async function createEngine (settings: EngineSettings): Promise<OpenEngine> {
  const { orm, databaseSchema, log, rules } = settings
  const tables = tablesIn(databaseSchema)
  const onError = (error: Error) => log.warn({ err: error }, 'a connection to the database was lost')
  /** What was opened, in order; it is closed the other way round, also where not all of it could be opened. */
  const opened: { close (): Promise<void> }[] = []
  const keep = <Part extends { close (): Promise<void> }>(part: Part): Part => {
    opened.push(part)
    return part
  }
  const close = async () => {
    for (const part of opened.splice(0).reverse()) await part.close()
  }
  try {
    const database = keep(createPool(orm, { applicationName: 'powercrud', max: poolSize, onError }))
    const pulse = keep(createPool(orm, { applicationName: 'powercrud pulse', max: pulseSize, onError }))
    await requireTables(database, tables, settings)
    const leaseMs = Math.min(leaseAtMostMs, rules.conflictTtlMs)
    const entityTables = await readEntityTables(orm, database)
    const resources = await describeAll(database, entityTables, settings)
    const installationId = await readInstallationId(database, tables)
    const live = keep(openLiveStore(pulse, tables, installationId, settings))
    const queueBackend = openQueueBackend(database, installationId, settings, leaseMs)
    const queue = keep(await queueBackend.createQueue())
    const engine: Engine = {
      orm,
      database,
      pulse,
      tables,
      entityTables,
      options: rules,
      resources,
      tasks: createTasks(settings.tasks ?? {}),
      lifecycle: keep(createLifecycle({ engine: () => engine, handlers: () => managers.handlers })),
      live,
      queue,
      log,
      leaseMs,
      chunkSize: settings.chunkSize ?? chunkSize,
      workerId: `${hostname()} ${process.pid} ${randomUUID().slice(0, 8)}`
    }
    const managers = openManagers(engine, {
      own: settings.manager, byResource: new Map(Object.entries(settings.resources).map(([name, { manager }]) => [name, manager])), hooks: settings.hooks
    })
    const leave = registerEngine(engine)
    keep({ close: async () => leave() })
    return { engine, manager: managers.main, queueBackend, close }
  } catch (error) {
    await close()
    throw error
  }
}

async function requireTables (database: DatabasePool, tables: Tables, { migrate: mayMigrate, redis }: EngineSettings): Promise<void> {
  const scope = { tables, queue: redis === undefined ? 'postgres' : 'redis' } as const
  if (mayMigrate) await migrate(database.config, scope)
  const pending = await pendingMigrations(database, scope)
  if (pending.length === 0) return
  throw configurationError('migrations_missing',
    `the database has not seen these migrations: ${pending.join(', ')}. Register with migrate: true, or run \`powercrud-async migrate --config <file>\` once per deployment`)
}

/** @throws invalid_options, which names every resource that no job could work on, and why */
async function requireFitTables (database: DatabasePool, entityTables: EntityTables, { orm, resources }: Pick<EngineSettings, 'orm' | 'resources'>): Promise<void> {
  const errors: string[] = []
  for (const [name, { entity, bulkFields }] of Object.entries(resources)) {
    const meta = orm.getMetadata().get(entity) as EntityMetadata
    errors.push(...(await tableErrors({ orm, sql: database, entityTables, meta, bulkFields })).map((error) => `resources.${name}.${error}`))
  }
  if (errors.length > 0) throw configurationError('invalid_options', `wrong options of fastify-powercrud-async: ${errors.join('; ')}`)
}

async function describeAll (database: DatabasePool, entityTables: EntityTables, { orm, resources, log }: EngineSettings): Promise<Map<string, EngineResource>> {
  await requireFitTables(database, entityTables, { orm, resources })
  const described = new Map<string, EngineResource>()
  for (const [name, options] of Object.entries(resources)) {
    const resource = await describeResource({ orm, sql: database, entityTables, name, entity: options.entity, options })
    const writing = chooseWriters({ ...resource, subscribers: orm.em.getEventManager().getSubscribers() })
    log.info({ resource: name, writing }, 'how records are written')
    described.set(name, { ...resource, writing })
  }
  return described
}

function openLiveStore (database: DatabasePool, tables: Tables, installationId: string, { redis, prefix, rules, log }: EngineSettings): LiveStore {
  const onError = (error: Error) => log.warn({ err: error }, 'the live store reported an error')
  const ttlMs = rules.progressTtlMs
  return redis === undefined
    ? createPostgresLiveStore({ database, tables, channel: liveChannel(installationId, prefix), ttlMs, onError })
    : createRedisLiveStore({ redis, prefix: `${prefix}:${installationId}`, ttlMs, onError })
}

/** Without the id in its names, applications on one server would drop each other's deliveries: their jobs are in other tables. */
function openQueueBackend (database: DatabasePool, installationId: string, { redis, prefix, log }: EngineSettings, leaseMs: number): QueueBackend {
  const onError = (error: Error) => log.warn({ err: error }, 'the queue reported an error')
  return redis === undefined
    ? createPostgresQueueBackend({ config: database.config, queueName: `${prefix}.${installationId}`, leaseMs, onError })
    : createRedisQueueBackend({ redis, prefix: `${prefix}:${installationId}`, queueName: 'jobs', leaseMs, onError })
}
