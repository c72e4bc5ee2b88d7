import { MikroORM } from '@mikro-orm/postgresql'
import type { Client } from 'pg'
import type { Engine } from '../../src/engine/engine.ts'
import type { JobRow } from '../../src/engine/job-row.ts'
import { readJob } from '../../src/jobs/store/job-rows.ts'
import { rowResults } from '../../src/jobs/results/row-results.ts'
import type { RowResult } from '../../schemas/results.ts'
import { entities, Item } from '../fixtures/entities.ts'
import { createOrm } from '../fixtures/orm.ts'
import { createDatabase } from '../helpers/database.ts'
import { defaultRules, openEngine, type TestEngine } from '../helpers/engine.ts'
import type { TestScope } from '../helpers/test-scope.ts'
import { createCutter, type Cutter } from './connection-breaker.ts'
import { isAgainstRule, type ModelRecord, type Records } from './records.ts'
import { createKillableWorkers, type KillableWorkers } from './worker-processes.ts'
import { createBlockingPoint, type BlockingPoint } from './blocking-point.ts'

/** Fields that may be written, and filtered on. */
const bulkFields = ['status', 'priority', 'notes', 'amount', 'owner', 'labels']

/** Long enough that no lease expires by itself: tests end a lease where they need to. */
export const rules = defaultRules

export const resources = {
  items: { entity: Item, bulkFields, undo: true },
  entities: { entity: Item, bulkFields, undo: true, write: 'entity' as const },
  forgetful: { entity: Item, bulkFields },
  ruled: { entity: Item, bulkFields, undo: true, validate: (record: object) => isAgainstRule(record as ModelRecord) ? 'priority 4 must not have notes' : undefined }
}

/** Records of a chunk at most, by the server that launches: many chunks, or one. */
export const chunkSizes = { near: 3, far: 1_000 } as const
export type Side = keyof typeof chunkSizes

/** The real thing: a table with rules of its own, and two servers that work on it. The connections of the near one can be cut. */
export interface World {
  databaseUrl: string
  client: Client
  engines: Record<Side, Engine>
  logged: TestEngine['logged']
  cutter: Cutter
  blockingPoint: BlockingPoint
  killableWorkers: KillableWorkers
  /** Deletes all jobs, and starts again with these records. */
  reset (records: Records): Promise<void>
  job (id: string): Promise<JobRow>
  results (job: JobRow): Promise<RowResult[]>
}

export async function openWorld (t: TestScope): Promise<World> {
  const database = await createDatabase(t)
  const client = await database.connect()
  const cutter = await createCutter(t, database.url)
  const farOrm = await createOrm(t, database)
  const nearOrm = await MikroORM.init({ clientUrl: cutter.url, entities })
  t.teardown(() => nearOrm.close(true))
  await client.query(rulesOfTable)
  const near = await openEngine(t, { orm: nearOrm, resources, rules, settings: { chunkSize: chunkSizes.near } })
  const far = await openEngine(t, { orm: farOrm, resources, rules, settings: { chunkSize: chunkSizes.far } })
  const { engine } = far
  return {
    databaseUrl: database.url,
    client,
    engines: { near: near.engine, far: engine },
    logged: near.logged,
    cutter,
    blockingPoint: await createBlockingPoint(client),
    killableWorkers: createKillableWorkers(t, database.url),
    reset: (records) => reset(client, records),
    job: async (id) => (await readJob(engine.database, engine.tables, id))!,
    async results (job) {
      const results: RowResult[] = []
      for await (const { result } of rowResults(engine, job)) results.push(result)
      return results
    }
  }
}

/** What the table refuses, as in `records.ts`, and a row for each write of an item that was committed. */
const rulesOfTable = `
  ALTER TABLE item ADD CONSTRAINT done_but_urgent CHECK (status <> 'done' OR priority IS DISTINCT FROM 3);
  CREATE UNIQUE INDEX ON item (amount);
  CREATE TABLE receipt (item_id int NOT NULL REFERENCES item);
  CREATE TABLE visit (item_id int NOT NULL REFERENCES item ON DELETE CASCADE);
  CREATE TABLE item_write (item_id int NOT NULL);
  CREATE FUNCTION guard_item() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    IF TG_OP = 'DELETE' THEN
      IF old.notes = 'keep' THEN RAISE 'is to be kept'; END IF;
      RETURN old;
    END IF;
    IF new.notes = 'boom' AND new.priority = 2 THEN RAISE 'boom'; END IF;
    RETURN new;
  END $$;
  CREATE TRIGGER guard BEFORE UPDATE OR DELETE ON item FOR EACH ROW EXECUTE FUNCTION guard_item();
  CREATE FUNCTION guard_member() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    IF new.label_id = 4 AND new.item_id % 3 = 0 THEN RAISE 'not label 4'; END IF;
    RETURN new;
  END $$;
  CREATE TRIGGER guard BEFORE INSERT ON item_labels FOR EACH ROW EXECUTE FUNCTION guard_member();
  CREATE FUNCTION record_write() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    INSERT INTO item_write VALUES (coalesce(old.id, new.id));
    RETURN NULL;
  END $$;
  CREATE TRIGGER record_write AFTER INSERT OR UPDATE OR DELETE ON item FOR EACH ROW EXECUTE FUNCTION record_write()`

async function reset (client: Client, { items, owners, labels, receipts, visits }: Records): Promise<void> {
  const rows = [...items].map(([id, { labels, ...row }]) => ({ id, ...row, amount: row.amount?.toFixed(2) ?? null }))
  const members = [...items].flatMap(([id, { labels }]) => labels.map((label) => [id, label]))
  // Triggers are for what happens later.
  await client.query("SET session_replication_role = 'replica'")
  await client.query(`
    DELETE FROM item_labels; DELETE FROM receipt; DELETE FROM visit; DELETE FROM item; DELETE FROM owner; DELETE FROM label; DELETE FROM item_write;
    DELETE FROM powercrud.job_chunk; DELETE FROM powercrud.chunk; DELETE FROM powercrud.idempotency; DELETE FROM powercrud.job;
    DELETE FROM powercrud.preview; DELETE FROM powercrud.live_progress; DELETE FROM powercrud.outbox`)
  await client.query("INSERT INTO owner (id, name) SELECT n, 'owner ' || n FROM unnest($1::int[]) n", [[...owners]])
  await client.query("INSERT INTO label (id, name) SELECT n, 'label ' || n FROM unnest($1::int[]) n", [[...labels]])
  await client.query(`
    INSERT INTO item (id, name, status, priority, notes, amount, owner_id, version)
    SELECT id, 'item ' || id, status, priority, notes, amount, owner, version
    FROM jsonb_to_recordset($1) AS r (id int, status text, priority int, notes text, amount numeric, owner int, version int)`, [JSON.stringify(rows)])
  await client.query(`
    INSERT INTO item_labels (item_id, label_id) SELECT (m ->> 0)::int, (m ->> 1)::int FROM jsonb_array_elements($1) m`, [JSON.stringify(members)])
  await client.query('INSERT INTO receipt SELECT unnest($1::int[])', [[...receipts]])
  await client.query('INSERT INTO visit SELECT unnest($1::int[])', [[...visits]])
  await client.query("SET session_replication_role = 'origin'")
}
