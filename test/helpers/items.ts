import { launchBulk, type BulkLaunch } from '../../src/operations/launch/launch-bulk.ts'
import type { JobRow } from '../../src/engine/job-row.ts'
import { readJob } from '../../src/jobs/store/job-rows.ts'
import type { EngineRules } from '../../src/engine/engine.ts'
import { Item } from '../fixtures/entities.ts'
import { createOrm, seedItems } from '../fixtures/orm.ts'
import { createEngineDatabase } from './engine-database.ts'
import { bulkLaunch, openEngine, work, type TestResource } from './engine.ts'
import type { TestScope } from './test-scope.ts'

/** A check constraint on items, with a message for users: those of `ids` can never be done. */
async function forbid (query: (text: string) => Promise<unknown>, ids: number[]) {
  await query(`ALTER TABLE item ADD CONSTRAINT undoable CHECK (status <> 'done' OR id <> ALL ('{${ids.join()}}'::int[]))`)
  await query("COMMENT ON CONSTRAINT undoable ON item IS 'this one can never be done'")
}

/** A database of its own with items 1 … count, and an engine on it whose jobs run when the test calls for it. */
export async function itemsEngine (
  t: TestScope, { count = 100, forbidden = [], rules = {}, engineRules = {} }: { count?: number, forbidden?: number[], rules?: Partial<TestResource>, engineRules?: Partial<EngineRules> } = {}
) {
  const database = await createEngineDatabase(t)
  const orm = await createOrm(t, database)
  await seedItems(orm, count)
  if (forbidden.length > 0) await forbid((text) => orm.em.getConnection().execute(text), forbidden)
  const { engine, logged } = await openEngine(t, { orm, resources: { items: { entity: Item, bulkFields: ['status', 'priority', 'notes', 'owner', 'labels'], ...rules } }, rules: engineRules })

  return {
    database,
    orm,
    engine,
    logged,
    async launch (launch: Partial<BulkLaunch> & Pick<BulkLaunch, 'selection'>): Promise<JobRow> {
      return (await launchBulk(engine, bulkLaunch(engine, 'items', { runInRequest: 'never', ...launch }))).job
    },
    /** Executes a job as a worker would; resolves to its row afterwards. */
    async workOn (job: JobRow): Promise<JobRow> {
      await work(engine, job)
      return (await readJob(engine.database, engine.tables, job.id))!
    },
    /** The ids of the items for which an SQL condition holds. */
    async idsWhere (condition: string): Promise<number[]> {
      const rows = await engine.database.query<{ id: number }>(`SELECT id FROM item WHERE ${condition} ORDER BY id`)
      return rows.map(({ id }) => id)
    }
  }
}
