import type { MikroORM } from '@mikro-orm/postgresql'
import type { FastifyRequest } from 'fastify'
import { createEngine, type EngineSettings, type OpenEngine } from '../../src/app/engine/create-engine.ts'
import { resolveOptions } from '../../src/app/options/index.ts'
import type { ResourceOptions } from '../../src/engine/resource-options.ts'
import type { EngineRules, Engine } from '../../src/engine/engine.ts'
import type { Log } from '../../src/log.ts'
import type { BulkLaunch } from '../../src/operations/launch/launch-bulk.ts'
import { handleDelivery } from '../../src/execution/worker/handle-delivery.ts'
import type { TestScope } from './test-scope.ts'
import { until } from './until.ts'

/** The rules with default options. */
export const defaultRules: EngineRules = {
  asyncEnabled: true,
  basePath: '/powercrud/async',
  conflictTtlMs: 3_600_000,
  progressTtlMs: 7_200_000,
  cleanupGracePeriodMs: 86_400_000,
  maxTaskDurationMs: 3_600_000,
  cleanupScheduleIntervalMs: 300_000,
  maxQueuedJobsPerUser: 1_000
}

export type TestResource = Partial<Omit<ResourceOptions<FastifyRequest>, 'entity'>> & { entity: object }

/** The resolved options of resources; a test gives only those it is about. */
export function resolveResources (orm: MikroORM, resources: Readonly<Record<string, TestResource>>): EngineSettings['resources'] {
  const whole = Object.entries(resources).map(([name, own]) => [name, { path: `/${name}`, bulkDelete: true, bulkMaxSelectedRecords: 1_000_000, ...own } as ResourceOptions<FastifyRequest>] as const)
  return resolveOptions<FastifyRequest>({ orm, resources: Object.fromEntries(whole) }).resources
}

export interface TestEngine extends OpenEngine {
  /** What was logged as a warning or an error. */
  logged: { details: object, message: string }[]
}

export interface TestEngineOptions {
  orm: MikroORM
  resources: Record<string, TestResource>
  rules?: Partial<EngineRules>
  settings?: Partial<EngineSettings>
}

/** An engine on a database of its own, with its tables; closed when the test ends. It has no worker. */
export async function openEngine (t: TestScope, { orm, resources, rules = {}, settings = {} }: TestEngineOptions): Promise<TestEngine> {
  const logged: TestEngine['logged'] = []
  const record = (details: object, message: string) => { logged.push({ details, message }) }
  const log: Log = { debug () {}, info () {}, warn: record, error: record }
  const open = await createEngine({
    orm,
    redis: undefined,
    prefix: 'powercrud',
    databaseSchema: 'powercrud',
    migrate: true,
    rules: { ...defaultRules, ...rules },
    resources: resolveResources(orm, resources),
    log,
    ...settings
  })
  t.teardown(() => open.close())
  // Redis may still be connecting, and a launch does not wait long for that.
  if (settings.redis !== undefined) await answering(open.engine)
  return { ...open, logged }
}

/** Resolves when queue and live store respond. */
export async function answering ({ queue, live }: Engine): Promise<void> {
  await until(() => Promise.all([queue.ping(10_000), live.ping(10_000)]).then(() => true, () => false), { what: 'queue and live store' })
}

/** A launch with defaults for everything that a test does not set. */
export function bulkLaunch (engine: Engine, resourceName: string, launch: Partial<BulkLaunch> & Pick<BulkLaunch, 'selection'>): BulkLaunch {
  return {
    resource: engine.resources.get(resourceName)!,
    operation: launch.set === undefined ? 'delete' : 'update',
    onError: 'rollback',
    onConflict: 'fail',
    reason: null,
    user: null,
    view: { em: engine.orm.em.fork(), scope: undefined },
    runInRequest: 'small',
    idempotency: undefined,
    ...launch
  }
}

/** Executes a queued job as a worker would, in this process. */
export async function work (engine: Engine, job: { id: string, n: number }, signal = new AbortController().signal) {
  return handleDelivery(engine, { jobId: job.id, n: job.n }, { signal })
}
