import t from 'tap'
import { launchBulk } from '../../../src/operations/launch/launch-bulk.ts'
import { readJob } from '../../../src/jobs/store/job-rows.ts'
import { cleanup } from '../../../src/operations/cleanup/cleanup.ts'
import { Item } from '../../fixtures/entities.ts'
import { createOrm, seedItems } from '../../fixtures/orm.ts'
import { ownPostgres } from '../../helpers/database.ts'
import { bulkLaunch, openEngine, work } from '../../helpers/engine.ts'
import { createGate } from '../../helpers/gate.ts'
import { until } from '../../helpers/until.ts'

const count = 12_000

for (const onError of ['rollback', 'stop', 'continue'] as const) {
  t.test(`PostgreSQL crashes in the middle of a job under ${onError}: it ends, and every record is written once`, async (t) => {
    const postgres = await ownPostgres(t)
    const orm = await createOrm(t, postgres)
    await seedItems(orm, count)
    const { engine } = await openEngine(t, { orm, resources: { items: { entity: Item } }, rules: { conflictTtlMs: 20_000 } })
    // The blow lands in the second chunk, after its UPDATE and before its COMMIT.
    const gate = await createGate(postgres, { table: 'item', on: 'update', row: 'new.id = 7000 AND new.status <> old.status' })
    const { job } = await launchBulk(engine, bulkLaunch(engine, 'items', { selection: { all: true }, set: { status: 'done' }, onError }))
    await gate.close()
    const working = work(engine, job).catch((error) => error)
    await gate.waitUntilReached()
    await postgres.restart('immediate')
    await working

    const ended = await until(async () => {
      const row = await readJob(engine.database, engine.tables, job.id).catch(() => undefined)
      if (row?.finished_at) return row
      // A worker whose lease has expired leaves the job to the sweep, which leaves it to another worker.
      await cleanup(engine).catch(() => undefined)
      const queued = await readJob(engine.database, engine.tables, job.id).catch(() => undefined)
      if (queued?.status === 'queued') await work(engine, queued).catch(() => undefined)
      return false
    }, { what: 'the end of the job', deadlineMs: 120_000 })
    t.match(ended, { status: 'succeeded', succeeded: count, unchanged: 0 })
    const versions = await engine.database.query('SELECT version, count(*)::int AS count FROM item GROUP BY version')
    t.same(versions, [{ version: 2, count }])
    t.same(await engine.database.query('SELECT 1 FROM powercrud.chunk WHERE living'), [])
  })
}
