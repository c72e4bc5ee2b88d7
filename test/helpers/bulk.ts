import type { MikroORM, Options } from '@mikro-orm/postgresql'
import type { Client } from 'pg'
import type { Engine } from '../../src/engine/engine.ts'
import type { BulkLaunch } from '../../src/operations/launch/launch-bulk.ts'
import type { JobRow } from '../../src/engine/job-row.ts'
import { launchUndo } from '../../src/operations/launch/launch-again.ts'
import { performBulk } from '../../src/operations/launch/perform-bulk.ts'
import { readJob } from '../../src/jobs/store/job-rows.ts'
import type { Refusal } from '../../src/engine/writer.ts'
import { createOrm } from '../fixtures/orm.ts'
import type { TestDatabase } from './database.ts'
import { createEngineDatabase } from './engine-database.ts'
import { bulkLaunch, openEngine, work, type TestEngine, type TestEngineOptions, type TestResource } from './engine.ts'
import type { TestScope } from './test-scope.ts'

interface BulkOptions {
  entities?: Options['entities']
  /** Further options of MikroORM. */
  options?: Options
  /** Any entity: the generic types of MikroORM's schemas do not agree with each other. */
  resources: Record<string, TestResource>
  rules?: TestEngineOptions['rules']
  settings?: TestEngineOptions['settings']
  /** SQL that runs before the entities' tables are created. */
  before?: string
  /** Runs before the engine opens. */
  seed?: (client: Client, orm: MikroORM) => Promise<unknown>
}

export interface Bulk {
  database: TestDatabase
  orm: MikroORM
  engine: Engine
  logged: TestEngine['logged']
  client: Client
  /** Runs one statement; resolves to its rows. */
  rows<Row extends object> (text: string, values?: unknown[]): Promise<Row[]>
  /** Executes a bulk operation in this process; resolves to the terminal job. */
  perform (resource: string, launch: Partial<BulkLaunch> & Pick<BulkLaunch, 'selection'>): Promise<JobRow>
  /** Undoes a job in this process; resolves to the terminal undo job. */
  undo (job: JobRow): Promise<JobRow>
  /** The outcomes of the records that were not written, in the order of their keys. */
  unwritten (job: Pick<JobRow, 'id'>): Promise<Unwritten[]>
  job (id: string): Promise<JobRow>
}

export type Unwritten = { key: string, outcome: 'unchanged' | 'missing' } | { key: string } & Omit<Refusal, 'place'>

/** An engine on a database of its own, with resources for some entities: the set-up of tests of writes. */
export async function openBulk (t: TestScope, { entities, options, resources, rules, settings, before, seed }: BulkOptions): Promise<Bulk> {
  const database = await createEngineDatabase(t)
  const client = await database.connect()
  if (before !== undefined) await client.query(before)
  const orm = await createOrm(t, { url: database.url, options, ...(entities !== undefined && { entities }) })
  await seed?.(client, orm)
  const { engine, logged } = await openEngine(t, { orm, resources: resources as TestEngineOptions['resources'], rules, settings })
  const job = async (id: string) => (await readJob(engine.database, engine.tables, id))!
  return {
    database,
    orm,
    engine,
    logged,
    client,
    job,
    async rows<Row extends object> (text: string, values: unknown[] = []) {
      return (await client.query(text, values)).rows as Row[]
    },
    async perform (resource, launch) {
      const { job } = await performBulk(engine, bulkLaunch(engine, resource, { runInRequest: 'always', ...launch }))
      return job
    },
    async undo (undone) {
      const undo = await launchUndo(engine, undone, { user: null, view: { em: orm.em.fork(), scope: undefined } })
      await work(engine, undo)
      return job(undo.id)
    },
    unwritten: (job) => unwritten(engine, job.id)
  }
}

async function unwritten ({ database, tables }: Engine, jobId: string): Promise<Unwritten[]> {
  const chunks = await database.query<{ keys: string[], unchanged: number[] | null, missing: number[] | null, refused: Refusal[] | null }>(`
    SELECT coalesce(i4.keys::text[], i8.keys::text[], u.keys::text[], x.keys::text[]) AS keys, w.unchanged, w.missing, w.refused
    FROM ${tables.jobChunk} w JOIN ${tables.job} j ON j.id = w.job_id
    LEFT JOIN ${tables.chunkOf.int4} i4 ON i4.selection_id = j.selection_id AND i4.no = w.no
    LEFT JOIN ${tables.chunkOf.int8} i8 ON i8.selection_id = j.selection_id AND i8.no = w.no
    LEFT JOIN ${tables.chunkOf.uuid} u ON u.selection_id = j.selection_id AND u.no = w.no
    LEFT JOIN ${tables.chunkOf.text} x ON x.selection_id = j.selection_id AND x.no = w.no
    WHERE w.job_id = $1 ORDER BY w.no`, [jobId])
  return chunks.flatMap(({ keys, unchanged, missing, refused }) => [
    ...(unchanged ?? []).map((place) => ({ place, outcome: 'unchanged' as const })),
    ...(missing ?? []).map((place) => ({ place, outcome: 'missing' as const })),
    ...(refused ?? [])
  ].sort((one, other) => one.place - other.place).map(({ place, ...rest }) => ({ key: keys[place - 1]!, ...rest })))
}
