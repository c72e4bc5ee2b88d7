import type { Client } from 'pg'
import type { Redis } from 'ioredis'
import type { Engine, EngineRules } from '../../../src/engine/engine.ts'
import { type BulkLaunch, launchBulk } from '../../../src/operations/launch/launch-bulk.ts'
import type { JobRow } from '../../../src/engine/job-row.ts'
import { readJob } from '../../../src/jobs/store/job-rows.ts'
import { isTerminal } from '../../../src/engine/states.ts'
import type { Delivery } from '../../../src/queue/job-queue.ts'
import type { Selection } from '../../../src/entities/selection.ts'
import { recoverJobs } from '../../../src/operations/cleanup/cleanup.ts'
import type { CleanupSummary } from '../../../src/operations/cleanup/summary.ts'
import { handleDelivery } from '../../../src/execution/worker/handle-delivery.ts'
import { Item } from '../../fixtures/entities.ts'
import { createOrm, seedItems } from '../../fixtures/orm.ts'
import type { WorkerSettings } from '../../fixtures/worker-process.ts'
import type { TestDatabase } from '../../helpers/database.ts'
import { createEngineDatabase } from '../../helpers/engine-database.ts'
import { bulkLaunch, defaultRules, openEngine, type TestEngine, type TestResource } from '../../helpers/engine.ts'
import { startScript, type ChildScript } from '../../helpers/processes.ts'
import type { TestScope } from '../../helpers/test-scope.ts'
import { until } from '../../helpers/until.ts'

/** Long enough that a busy machine renews it in time: tests do not wait for its end, they sweep at an instant after it. */
export const leaseMs = 15_000

interface SceneOptions {
  database?: TestDatabase
  redis?: { url: string, client: Redis, prefix: string }
  rules?: Partial<EngineRules>
  /** Of the resource `items`. */
  resource?: Partial<TestResource>
  items?: number
}

export interface Scene extends TestEngine {
  database: TestDatabase
  /** A connection for looking, and for doing harm. */
  client: Client
  /** Another engine on the same database and queue, as another server has it. */
  another (): Promise<Engine>
  /** A worker in a process of its own, which can be killed and frozen. */
  startWorker (): Promise<ChildScript>
  /** A worker in this process. Resolves when it takes deliveries; those that it took are in the list. */
  consume (): Promise<Delivery[]>
  /** Sets all items (or those selected) to `done`, in the background. */
  launch (launch?: Partial<BulkLaunch>): Promise<JobRow>
  job (id: string): Promise<JobRow>
  ended (id: string): Promise<JobRow>
  /** How often each item was written and committed: `{ 1: 100 }` says a hundred items once. */
  writes (): Promise<Record<string, number>>
  livingChunks (): Promise<number>
}

/**
 * Items on a database, every committed write of which is on record, an engine with a short lease, and a worker that is
 * alive as far as the sweep can see.
 */
export async function openScene (t: TestScope, { database: given, redis, rules: own = {}, resource = {}, items = 100 }: SceneOptions = {}): Promise<Scene> {
  const database = given ?? await createEngineDatabase(t)
  const rules = { ...defaultRules, conflictTtlMs: leaseMs, ...own }
  const client = await database.connect()
  const orm = await createOrm(t, database)
  await seedItems(orm, items)
  await recordWrites(client)
  const open = async () => openEngine(t, {
    orm, rules, resources: { items: { entity: Item, ...resource } }, settings: redis === undefined ? {} : { redis: redis.client, prefix: redis.prefix }
  })
  const first = await open()
  const { engine } = first
  await pretendWorker(client)

  const job = async (id: string) => (await readJob(engine.database, engine.tables, id))!
  return {
    ...first,
    database,
    client,
    async another () {
      return (await open()).engine
    },
    async startWorker () {
      const settings: WorkerSettings = { databaseUrl: database.url, redisUrl: redis?.url, prefix: redis?.prefix ?? 'powercrud', rules, resource }
      const worker = startScript(t, new URL('../../fixtures/worker-process.ts', import.meta.url), { args: [JSON.stringify(settings)] })
      await worker.waitForLine(/^ready$/)
      return worker
    },
    async consume () {
      const taken: Delivery[] = []
      const consumer = await first.queueBackend.createConsumer({
        concurrency: 2,
        onError: (error) => first.logged.push({ details: { err: error }, message: 'consumer' }),
        async handle (delivery) {
          taken.push(delivery)
          return handleDelivery(engine, delivery, { signal: new AbortController().signal })
        }
      })
      t.teardown(() => consumer.close(5_000))
      await consumer.ready()
      return taken
    },
    async launch (launch = {}) {
      const selection: Selection = { all: true }
      const launched = await launchBulk(engine, bulkLaunch(engine, 'items', { selection, set: { status: 'done' }, runInRequest: 'never', ...launch }))
      return launched.job
    },
    job,
    ended: (id) => until(async () => {
      const row = await job(id)
      return isTerminal(row.status) && row
    }, { what: `the end of job ${id}` }),
    async writes () {
      const { rows } = await client.query<{ times: number, count: number }>(
        'SELECT times, count(*)::int AS count FROM (SELECT count(*)::int AS times FROM item_write GROUP BY item_id) AS counted GROUP BY times')
      return Object.fromEntries(rows.map(({ times, count }) => [times, count]))
    },
    async livingChunks () {
      const { rows } = await client.query('SELECT FROM powercrud.chunk WHERE living')
      return rows.length
    }
  }
}

/** A row per item and write, in the transaction that writes it: what is rolled back leaves none. */
async function recordWrites (client: Client): Promise<void> {
  await client.query(`
    CREATE TABLE item_write (item_id int NOT NULL, at timestamptz NOT NULL DEFAULT clock_timestamp());
    CREATE FUNCTION record_write() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      INSERT INTO item_write (item_id) VALUES (coalesce(new.id, old.id));
      RETURN NULL;
    END $$;
    CREATE TRIGGER record_write AFTER UPDATE OR DELETE ON item FOR EACH ROW EXECUTE FUNCTION record_write()`)
}

/** A worker that is never seen to die, for tests that are about something else than abandoned jobs. */
async function pretendWorker (client: Client): Promise<void> {
  await client.query(`
    INSERT INTO powercrud.worker (id, host, pid, concurrency, seen_at)
    VALUES ('pretended', 'nowhere', 1, 1, now() + interval '1 year')`)
}

/** An instant so far from now. */
export function inMs (ms: number): Date {
  return new Date(Date.now() + ms)
}

/** Sweeps as if the leases that stand now had run out. */
export async function sweepAfterLease (engine: Engine): Promise<CleanupSummary> {
  return recoverJobs(engine, { now: inMs(leaseMs + 1_000) })
}
