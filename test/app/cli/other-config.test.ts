import { fileURLToPath } from 'node:url'
import t from 'tap'
import { launchBulk } from '../../../src/operations/launch/launch-bulk.ts'
import { readView } from '../../../src/jobs/view/read-view.ts'
import { Item } from '../../fixtures/entities.ts'
import { createOrm, seedItems } from '../../fixtures/orm.ts'
import { createDatabase } from '../../helpers/database.ts'
import { bulkLaunch, openEngine } from '../../helpers/engine.ts'
import { startScript } from '../../helpers/processes.ts'
import { until } from '../../helpers/until.ts'

const program = new URL('../../../src/app/cli/index.ts', import.meta.url)
const config = fileURLToPath(new URL('configs/items.ts', import.meta.url))

t.test('a worker with other options is reported in the job and by the checks; restarted with the server\'s config, it does the job', async (t) => {
  const database = await createDatabase(t)
  const orm = await createOrm(t, database)
  await seedItems(orm, 5)
  const { engine, manager } = await openEngine(t, { orm, resources: { items: { entity: Item, bulkFields: ['status'] } } })
  const { job } = await launchBulk(engine, bulkLaunch(engine, 'items', { selection: { all: true }, set: { status: 'done' }, runInRequest: 'never' }))
  const startWorker = (env: Record<string, string> = {}) => startScript(t, program, { args: ['worker', '--config', config], env: { DATABASE_URL: database.url, ...env } })
  const view = async () => (await readView(engine, job.id))!.job

  const other = startWorker({ BULK_FIELDS: 'status,notes' })
  const left = await until(async () => {
    const seen = await view()
    return /waits for/.test(seen.progress.message) && seen
  }, { deadlineMs: 120_000 })
  t.match(left, { status: 'queued', progress: { message: /options of the resource items are others: bulkFields, columns/ } })
  t.match(other.output(), /leaves a job to others: .* items are others/)
  const { parts } = await manager.validateAsyncSystem()
  t.match(parts.filter(({ ok }) => !ok), [{
    part: 'agreement', reason: new RegExp(`worker ${other.pid} on .* items are others: bulkFields`), fix: /same config file/
  }])
  t.equal(parts.length, 6)

  other.kill('SIGTERM')
  await other.exited
  startWorker()
  await until(async () => (await view()).status === 'succeeded', { deadlineMs: 120_000 })
  t.match(await manager.validateAsyncSystem(), { ok: true })
})
