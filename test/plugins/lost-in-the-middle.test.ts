import t from 'tap'
import { ownPostgres } from '../helpers/database.ts'
import { until } from '../helpers/until.ts'
import { createWorld } from './world.ts'

const few = { selection: { ids: [1, 2, 3] }, set: { status: 'done' } }

t.test('the database is lost in the middle of a request: the answer names the job, which is done once, later', async (t) => {
  const postgres = await ownPostgres(t)
  // The request looks for its database for as long as its lease.
  const world = await createWorld(t, { database: postgres, options: { conflictTtl: 8, cleanupScheduleInterval: 1 } })
  // Another worker lives, else a job that was away for so long might count as abandoned before the first one has sent a heartbeat.
  await world.sql.query("INSERT INTO powercrud.worker (id, host, pid, concurrency, seen_at) VALUES ('pretended', 'nowhere', 1, 1, now() + interval '1 year')")
  const blocker = await postgres.connect()
  await blocker.query('BEGIN; SELECT 1 FROM item WHERE id = 2 FOR UPDATE')
  const asked = world.post('/items/bulk-update', few)
  await until(async () => (await world.sql.query("SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%item%'")).rowCount)
  await postgres.stop('immediate')
  const answer = await asked
  t.match(answer, { status: 503, headers: { 'retry-after': /^\d+$/ }, json: { code: 'unavailable', jobId: /^[0-9a-f-]{36}$/ } })

  await postgres.start()
  const ended = await until(async () => {
    const progress = await world.get(`/powercrud/async/progress/${answer.json.jobId}`)
    return progress.status === 286 && progress
  }, { deadlineMs: 60_000, what: 'the end of the job' })
  t.match(ended.json, { status: 'succeeded', counts: { total: 3, succeeded: 3 } })
  t.match(await world.state(await postgres.connect()), { jobs: 1, living: 0 })
})
