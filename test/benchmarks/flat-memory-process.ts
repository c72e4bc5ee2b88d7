// A process that may have little memory: it changes many records through entities, and tells what became of them and of
// many more, as if the job had had a larger selection. With `records at once` or `results at once` it does that as it
// must not be done.

import { MikroORM } from '@mikro-orm/postgresql'
import { performBulk } from '../../src/operations/launch/perform-bulk.ts'
import { asCsv, asNdjson } from '../../src/operations/results/export.ts'
import { rowResults } from '../../src/jobs/results/row-results.ts'
import { entities, Item } from '../fixtures/entities.ts'
import { seedItems } from '../fixtures/orm.ts'
import { bulkLaunch, openEngine } from '../helpers/engine.ts'
import type { TestScope } from '../helpers/test-scope.ts'

const [url = '', count = '', how = ''] = process.argv.slice(2)
const closers: (() => unknown)[] = []
const scope: TestScope = { teardown: (close) => { closers.unshift(close) } }
const orm = await MikroORM.init({ clientUrl: url, entities })
await orm.schema.create()
await seedItems(orm, Number(count))
const { engine } = await openEngine(scope, { orm, resources: { items: { entity: Item, write: 'entity', undo: true } } })

if (how === 'records at once') {
  const em = orm.em.fork()
  for (const item of await em.find(Item, {})) item.notes = 'by hand'
  await em.flush()
}
const { job } = await performBulk(engine, bulkLaunch(engine, 'items', { selection: { all: true }, set: { notes: 'in bulk' }, runInRequest: 'always' }))
console.log(`job ${job.status} ${job.succeeded}`)

await engine.database.query(`
  INSERT INTO ${engine.tables.chunkOf.int4} (selection_id, no, root, living, size, ord, keys, first, last)
  SELECT $1, no, 'public.item', false, 5000, keys, keys, keys[1], keys[5000]
  FROM generate_series(1001, 1080) no, LATERAL (SELECT array_agg(key) AS keys FROM generate_series(no * 5000, no * 5000 + 4999) key) made`, [job.selection_id])
await engine.database.query(`INSERT INTO ${engine.tables.jobChunk} (job_id, no, state) SELECT $1, no, 'done' FROM generate_series(1001, 1080) no`, [job.id])

if (how === 'results at once') {
  const results: unknown[] = []
  for await (const result of rowResults(engine, job)) results.push(result)
  console.log(results.length)
}
for (const [name, write] of [['ndjson', asNdjson], ['csv', asCsv]] as const) {
  let lines = 0
  for await (const text of write(rowResults(engine, job))) lines += text.split('\n').length - 1
  console.log(`${name} ${lines}`)
}
for (const close of closers) await close()
await orm.close(true)
