import { resolve } from 'node:path'
import t from 'tap'
import { readSettings } from '../../../examples/cities/settings.ts'

t.test('nothing is set, or only to nothing', async (t) => {
  const expected = { port: 3000, host: '127.0.0.1', dataFolder: resolve('.data'), databaseUrl: undefined, redisUrl: undefined, worker: 'in-process' }
  t.same(readSettings({}), expected)
  t.same(readSettings({ PORT: '', HOST: '', DATA_DIR: '', DATABASE_URL: '', REDIS_URL: ' ', POWERCRUD_WORKER: '' }), expected)
})

t.test('everything is set', async (t) => {
  t.same(readSettings({
    PORT: '0', HOST: '::', DATA_DIR: '/var/cities', DATABASE_URL: 'postgres://a:b@c/d', REDIS_URL: 'rediss://e', POWERCRUD_WORKER: 'separate'
  }), { port: 0, host: '::', dataFolder: '/var/cities', databaseUrl: 'postgres://a:b@c/d', redisUrl: 'rediss://e', worker: 'separate' })
})

t.test('what cannot be is refused by name', async (t) => {
  for (const [name, value, message] of [
    ['PORT', 'http', 'PORT must be a whole number from 0 to 65535, not "http"'],
    ['PORT', '65536', 'PORT must be a whole number from 0 to 65535, not "65536"'],
    ['PORT', '-1', 'PORT must be a whole number from 0 to 65535, not "-1"'],
    ['POWERCRUD_WORKER', 'inprocess', 'POWERCRUD_WORKER must be "in-process" or "separate", not "inprocess"'],
    ['DATABASE_URL', 'mysql://u:secret@h/d', 'DATABASE_URL must be a URL that begins with postgres:// or postgresql://, not "mysql://…"'],
    ['REDIS_URL', 'localhost secret', 'REDIS_URL must be a URL that begins with redis:// or rediss://, not "something else"']
  ] as const) {
    t.throws(() => readSettings({ [name]: value }), { code: 'CITIES_SETTING_INVALID', message })
  }
})
