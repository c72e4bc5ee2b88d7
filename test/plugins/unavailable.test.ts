import t from 'tap'
import { ownPostgres } from '../helpers/database.ts'
import { ownRedis } from '../helpers/redis.ts'
import { until } from '../helpers/until.ts'
import { createWorld } from './world.ts'

const few = { selection: { ids: [1, 2, 3] }, set: { status: 'done' } }
const many = { selection: { all: true }, set: { status: 'held' } }
const isUnavailable = { status: 503, headers: { 'retry-after': /^\d+$/ }, json: { code: 'unavailable' } }

t.test('the database is away: 503 everywhere, nothing is left, and it goes on when it is back', async (t) => {
  const postgres = await ownPostgres(t)
  const world = await createWorld(t, { database: postgres })
  const { json: job } = await world.post('/items/bulk-update', few)
  const before = await world.state()

  await postgres.stop()
  t.match(await world.post('/items/bulk-update', few), isUnavailable)
  t.match(await world.post('/items/bulk-update', many), isUnavailable)
  t.match(await world.post('/items/bulk-update', many, { headers: { 'idempotency-key': 'again' } }), isUnavailable)
  t.match(await world.get(`/powercrud/async/progress/${job.id}`), isUnavailable)
  t.match(await world.get(`/powercrud/async/jobs/${job.id}`), isUnavailable)
  t.match(await world.get('/powercrud/async/jobs'), isUnavailable)
  const { text } = await world.post('/items/bulk-update', few)
  t.notMatch(text, /ECONN|127\.0\.0\.1|postgres/, 'the answer does not reveal where it is')
  t.match(await world.get('/powercrud/async/health'), { status: 503, json: { status: 'unavailable', database: { status: 'down' }, queue: { status: 'down' }, workers: { living: null } } })

  await postgres.start()
  t.same(await world.state(await postgres.connect()), before, 'nothing is left')
  t.match(await until(async () => {
    const answer = await world.post('/items/bulk-update', few)
    return answer.status === 200 && answer
  }), { json: { counts: { unchanged: 3 } } })
  const again = await until(async () => {
    const answer = await world.post('/items/bulk-update', many, { headers: { 'idempotency-key': 'again', prefer: 'wait=30' } })
    return answer.status === 200 && answer
  })
  t.match(again.json, { status: 'succeeded', counts: { total: 200 } })
  t.match(await world.get('/powercrud/async/health'), { status: 200, json: { status: 'ok' } })
})

t.test('Redis is away: background jobs are refused, the rest goes on', async (t) => {
  const redis = await ownRedis(t)
  const world = await createWorld(t, { redis: await redis.connect() })
  const before = await world.state()

  await redis.kill()
  t.match(await world.post('/items/bulk-update', many), isUnavailable)
  t.match(await world.post('/items/bulk-update', few, { headers: { prefer: 'respond-async' } }), isUnavailable)
  t.same(await world.state(), before, 'nothing is left, no record is held')
  t.match(await world.get('/powercrud/async/health'), { status: 503, json: { status: 'unavailable', database: { status: 'up' }, queue: { status: 'down', kind: 'redis' }, liveStore: { status: 'down' } } })

  const done = await world.post('/items/bulk-update', few)
  t.match(done, { status: 200, json: { counts: { succeeded: 3 } } }, 'what is done in the request needs no queue')
  t.match(await world.get(`/powercrud/async/progress/${done.json.id}`), { status: 286 })

  await redis.start()
  const again = await until(async () => {
    const answer = await world.post('/items/bulk-update', many, { headers: { prefer: 'wait=30' } })
    return answer.status === 200 && answer
  })
  t.match(again.json, { status: 'succeeded', counts: { total: 200, succeeded: 200 } })
})
