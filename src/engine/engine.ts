import type { MikroORM } from '@mikro-orm/postgresql'
import type { FastifyRequest } from 'fastify'
import type { ResolvedResourceOptions } from './resource-options.ts'
import type { DatabasePool } from '../database/pool.ts'
import type { Tables } from '../database/tables.ts'
import type { EntityTables } from '../entities/entity-tables.ts'
import type { Resource } from '../entities/resource.ts'
import type { Tasks } from './task.ts'
import type { Writing } from './writer.ts'
import type { Lifecycle } from './lifecycle.ts'
import type { LiveStore } from '../live/live-store.ts'
import type { Log } from '../log.ts'
import type { JobQueue } from '../queue/job-queue.ts'

/** The options of the plugin that the engine uses. */
export interface EngineRules {
  readonly asyncEnabled: boolean
  readonly basePath: string
  readonly conflictTtlMs: number
  readonly progressTtlMs: number
  readonly cleanupGracePeriodMs: number
  readonly maxTaskDurationMs: number
  readonly cleanupScheduleIntervalMs: number
  /** The most jobs of one user that may be queued or waiting. */
  readonly maxQueuedJobsPerUser: number
}

/** A resource: its checked options, its entity as the database has it, and how it is written. */
export interface EngineResource extends Resource<ResolvedResourceOptions<FastifyRequest>> {
  readonly writing: Writing
}

/** Everything that the engine's functions work with; made once, closed once. */
export interface Engine {
  readonly orm: MikroORM
  readonly database: DatabasePool
  /** Connections for heartbeats and live progress, which must not wait behind launches. */
  readonly pulse: DatabasePool
  readonly tables: Tables
  readonly entityTables: EntityTables
  readonly options: EngineRules
  readonly resources: ReadonlyMap<string, EngineResource>
  readonly tasks: Tasks
  readonly lifecycle: Lifecycle
  readonly live: LiveStore
  readonly queue: JobQueue
  readonly log: Log
  /** How long a claim stands without a heartbeat, milliseconds. */
  readonly leaseMs: number
  /** The most records of a chunk. */
  readonly chunkSize: number
  /** Names this process in leases: host, pid, and a random part. */
  readonly workerId: string
}
