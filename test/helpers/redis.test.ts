import t from 'tap'
import { createRedis, ownRedis } from './redis.ts'
import { until } from './until.ts'

t.test('createRedis deletes the keys under its prefix, and nothing else', async (t) => {
  const other = await createRedis(t)
  await other.client.set(`${other.prefix}:kept`, '1')
  let prefix = ''
  await t.test('during the test', async (t) => {
    const redis = await createRedis(t)
    prefix = redis.prefix
    await redis.client.mset(`${prefix}:a`, '1', `{${prefix}}:b`, '2')
    t.equal(await redis.client.get(`${prefix}:a`), '1')
  })
  t.not(prefix, other.prefix)
  t.same(await other.client.mget(`${prefix}:a`, `{${prefix}}:b`, `${other.prefix}:kept`), [null, null, '1'])
})

t.test('ownRedis is empty after a crash, and its clients reconnect', async (t) => {
  const redis = await ownRedis(t)
  const client = await redis.connect()
  await client.set('key', 'value')
  await redis.kill()
  await until(() => client.status === 'reconnecting', { what: 'the client to notice' })
  await redis.start()
  t.equal(await client.get('key'), null)

  await client.set('key', 'value')
  await redis.flush()
  t.equal(await client.get('key'), null)
})

t.test('a paused Redis does not respond until it is resumed', async (t) => {
  const redis = await ownRedis(t)
  const client = await redis.connect()
  redis.pause()
  let answered = false
  const answer = client.ping().then((pong) => {
    answered = true
    return pong
  })
  await t.rejects(until(() => answered, { deadlineMs: 100 }))
  redis.resume()
  t.equal(await answer, 'PONG')
})
