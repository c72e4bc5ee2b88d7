import t from 'tap'
import { cancelJob } from '../../../src/operations/cancel-job.ts'
import { launchRetry, launchUndo } from '../../../src/operations/launch/launch-again.ts'
import { performBulk } from '../../../src/operations/launch/perform-bulk.ts'
import { bulkLaunch } from '../../helpers/engine.ts'
import { itemsEngine } from '../../helpers/items.ts'

t.test('a retry takes what failed and what was not done, and nothing else', async (t) => {
  const { engine, orm, launch, workOn, idsWhere } = await itemsEngine(t, { forbidden: [2, 4] })
  const again = { user: null, view: { em: orm.em.fork(), scope: undefined } }
  const job = await workOn(await launch({ selection: { ids: [1, 2, 3, 4, 900] }, set: { status: 'done' }, onError: 'continue', reason: 'spring cleaning' }))
  t.match(job, { status: 'completed_with_errors', succeeded: 2, failed: 2, missing: 1 })

  await orm.em.getConnection().execute('ALTER TABLE item DROP CONSTRAINT undoable')
  const retry = await launchRetry(engine, job, again)
  t.match(retry, { status: 'queued', retry_of: job.id, total: 2, on_error: 'continue', reason: 'spring cleaning' })
  t.match(await workOn(retry), { status: 'succeeded', succeeded: 2 })
  t.same(await idsWhere("status = 'done'"), [1, 2, 3, 4])

  await t.rejects(launchRetry(engine, await workOn(retry), again), { code: 'wrong_state', statusCode: 409 })
})

t.test('a job that was rolled back, stopped, or cancelled is retried whole, from where it stood', async (t) => {
  const { engine, orm, launch, workOn, idsWhere } = await itemsEngine(t, { count: 6_000, forbidden: [5_500] })
  const again = { user: null, view: { em: orm.em.fork(), scope: undefined } }
  const rolledBack = await workOn(await launch({ selection: { ids: [1, 5_500] }, set: { status: 'done' } }))
  const stopped = await workOn(await launch({ selection: { all: true }, set: { status: 'done' }, onError: 'stop' }))
  t.match(stopped, { status: 'failed', error_code: 'stopped', succeeded: 5_000, failed: 1 })
  const cancelled = await cancelJob(engine, (await launch({ selection: { ids: [7] }, set: { status: 'held' } })).id)

  await orm.em.getConnection().execute('ALTER TABLE item DROP CONSTRAINT undoable')
  const retryOfStopped = await launchRetry(engine, stopped, again)
  t.equal(retryOfStopped.total, 1_000)
  await t.rejects(launchRetry(engine, rolledBack, again), { code: 'records_locked' }, 'a retry may find its records locked')
  t.match(await workOn(retryOfStopped), { status: 'succeeded', succeeded: 1_000 })
  t.match(await workOn(await launchRetry(engine, rolledBack, again)), { status: 'succeeded', unchanged: 2 })
  t.match(await workOn(await launchRetry(engine, cancelled, again)), { status: 'succeeded', succeeded: 1 })
  t.equal((await idsWhere("status = 'done'")).length, 5_999)
})

t.test('a retry counts towards the limit of queued jobs', async (t) => {
  const { engine, orm, launch, workOn } = await itemsEngine(t, { forbidden: [2], engineRules: { maxQueuedJobsPerUser: 1 } })
  const user = { id: 'ada', label: 'Ada' }
  const again = { user, view: { em: orm.em.fork(), scope: undefined } }
  const failed = await workOn(await launch({ selection: { ids: [2] }, set: { status: 'done' }, user }))
  const other = await launch({ selection: { ids: [1] }, set: { status: 'done' }, user })
  await t.rejects(launchRetry(engine, failed, again), { code: 'too_many_jobs', message: /1 job queued or waiting/ })
  await workOn(other)
  t.equal((await launchRetry(engine, failed, again)).status, 'queued')
})

t.test('where nothing runs in the background, a retry and an undo are done at once', async (t) => {
  const { engine, orm, idsWhere } = await itemsEngine(t, { rules: { bulkAsync: false, undo: true } })
  const again = { user: null, view: { em: orm.em.fork(), scope: undefined } }
  await orm.em.getConnection().execute("ALTER TABLE item ADD CONSTRAINT not_2 CHECK (id <> 2 OR status <> 'done')")
  const { job } = await performBulk(engine, bulkLaunch(engine, 'items', { selection: { ids: [1, 2] }, set: { status: 'done' }, onError: 'continue' }))
  t.match(job, { status: 'completed_with_errors', succeeded: 1, failed: 1 })
  await orm.em.getConnection().execute('ALTER TABLE item DROP CONSTRAINT not_2')
  t.match(await launchRetry(engine, job, again), { status: 'succeeded', retry_of: job.id, succeeded: 1 })
  t.same(await idsWhere("status = 'done'"), [1, 2])
  t.match(await launchUndo(engine, job, again), { status: 'succeeded', undo_of: job.id, succeeded: 1 })
  t.same(await idsWhere("status = 'done'"), [2])
})

t.test('a job that lives cannot be retried; one that left only missing records has nothing to retry', async (t) => {
  const { engine, orm, launch, workOn } = await itemsEngine(t)
  const again = { user: null, view: { em: orm.em.fork(), scope: undefined } }
  await t.rejects(launchRetry(engine, await launch({ selection: { ids: [1] }, set: { status: 'done' } }), again), { code: 'wrong_state' })
  const gone = await workOn(await launch({ selection: { ids: [900] }, set: { status: 'done' } }))
  t.match(gone, { status: 'failed', error_code: 'all_records_missing' })
  await t.rejects(launchRetry(engine, gone, again), { code: 'all_records_missing', statusCode: 422 })
})
