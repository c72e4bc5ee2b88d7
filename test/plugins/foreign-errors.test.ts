import { once } from 'node:events'
import { connect } from 'node:net'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import t from 'tap'
import Fastify, { type FastifyInstance } from 'fastify'
import powercrudAsync from '../../plugins/index.ts'
import { Item } from '../fixtures/entities.ts'
import { createOrm, seedItems } from '../fixtures/orm.ts'
import { createEngineDatabase } from '../helpers/engine-database.ts'
import type { TestScope } from '../helpers/test-scope.ts'
import { until } from '../helpers/until.ts'

interface Line { level: number, msg: string }

async function open (t: TestScope, prepare: (app: FastifyInstance) => void = () => {}) {
  const lines: Line[] = []
  const app = Fastify({ logger: { level: 'debug', stream: { write: (line: string) => { lines.push(JSON.parse(line)) } } } })
  t.teardown(() => app.close())
  prepare(app)
  const orm = await createOrm(t, await createEngineDatabase(t))
  await seedItems(orm, 5)
  await app.register(powercrudAsync, { orm, migrate: true, worker: { mode: 'separate' }, resources: { items: { entity: Item, path: '/items', bulkFields: ['notes'], bulkDelete: true } } })
  await app.ready()
  const ask = async (method: 'GET' | 'POST', url: string, more: { headers?: Record<string, string>, payload?: string | Buffer } = {}) => {
    const { statusCode: status, headers, json } = await app.inject({ method, url, ...more })
    return { status, type: headers['content-type'], retryAfter: headers['retry-after'], body: json() }
  }
  const errors = () => lines.filter(({ level }) => level >= 50)
  return { app, lines, errors, ask }
}

const update = JSON.stringify({ selection: { ids: [1] }, set: { notes: 'ä' } })
const json = { 'content-type': 'application/json' }

t.test('an error of a hook of the host keeps its status, and is never one of ours', async (t) => {
  const { ask, errors } = await open(t, (app) => {
    app.addHook('onRequest', async ({ headers }, reply) => {
      const status = headers['x-status']
      if (status === undefined) return
      if (status === '429') reply.header('retry-after', 7)
      throw Object.assign(new Error(`says the host: ${status as string}`), { statusCode: Number(status) })
    })
  })
  const as = (status: number) => ask('GET', '/powercrud/async/jobs', { headers: { 'x-status': String(status) } })
  for (const status of [400, 401, 403, 404, 409, 413, 415, 418, 422, 451]) {
    t.match(await as(status), { status, type: /^application\/problem\+json/, body: { status, code: 'refused', detail: `says the host: ${status}` } }, String(status))
  }
  t.match(await as(429), { status: 429, retryAfter: '7', body: { code: 'rate_limited', detail: 'says the host: 429' } })
  t.match(await as(503), { status: 503, body: { status: 503, code: 'refused', detail: 'the application refused the request' } }, 'which says nothing of our database')
  t.same(errors(), [])
  t.match(await as(500), { status: 500, body: { code: 'internal' } })
})

t.test('encodings and charsets that are not supported are 415', async (t) => {
  const { ask } = await open(t)
  const post = async (headers: Record<string, string>, payload: string | Buffer = update) => ask('POST', '/items/bulk-update', { headers: { ...json, ...headers }, payload })
  const is415 = { status: 415, body: { code: 'unsupported_media_type' } }
  for (const encoding of ['gzip', 'br', 'deflate, gzip']) t.match(await post({ 'content-encoding': encoding }, gzipSync(update)), is415, encoding)
  for (const charset of ['iso-8859-1', 'utf-16', '"latin1"']) t.match(await post({ 'content-type': `application/json; charset=${charset}` }), is415, charset)
  for (const charset of ['utf-8', 'UTF-8', '"utf8"']) t.match(await post({ 'content-type': `application/json; charset=${charset}` }), { status: 200 }, charset)
  t.match(await post({ 'content-encoding': 'identity' }), { status: 200 })
  t.match(await post({}, '{'), { status: 400, body: { code: 'validation_failed' } })
})

t.test('unknown query parameters are refused on every route', async (t) => {
  const { ask } = await open(t)
  const id = '0199aa00-7c1e-7000-8000-000000000001'
  const unknown = (name: string) => ({ status: 400, body: { code: 'validation_failed', errors: [{ path: `/${name}`, message: /unknown parameter/ }] } })
  const payload = { headers: json, payload: update }
  for (const [method, url, more] of [
    ['POST', '/items/bulk-update', payload], ['POST', '/items/bulk-delete', { headers: json, payload: '{"selection":{"ids":[1]}}' }],
    ['POST', '/items/locks/query', { headers: json, payload: '{"ids":[1]}' }], ['GET', '/items/bulk-options'],
    ['GET', '/powercrud/async/jobs'], ['GET', `/powercrud/async/jobs/${id}`], ['GET', `/powercrud/async/jobs/${id}/results`], ['GET', `/powercrud/async/progress/${id}`],
    ['POST', `/powercrud/async/jobs/${id}/cancel`], ['POST', `/powercrud/async/jobs/${id}/retry`], ['POST', `/powercrud/async/jobs/${id}/undo`],
    ['GET', '/powercrud/async/health']
  ] as const) {
    t.match(await ask(method, `${url}?dryRun=true`, more), unknown('dryRun'), url)
  }
  t.match(await ask('GET', '/items/locks?ids=1&idss=2'), { status: 400, body: { errors: [{ path: '/idss', message: /did you mean ids/ }] } }, 'and the ids are fine')
  t.match(await ask('GET', '/powercrud/async/jobs?statuss=queued'), { status: 400, body: { errors: [{ message: /did you mean status/ }] } })
})

t.test('an upload that the client breaks off is logged as no error', async (t) => {
  const { app, lines, errors } = await open(t)
  await app.listen({ port: 0, host: '127.0.0.1' })
  const socket = connect((app.server.address() as AddressInfo).port, '127.0.0.1')
  await once(socket, 'connect')
  socket.write(`POST /items/bulk-update HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${update.length + 1000}\r\n\r\n${update}`)
  await until(async () => lines.some(({ msg }) => msg === 'incoming request'), { what: 'the request' })
  socket.destroy()
  await until(async () => lines.some(({ msg }) => /a request (failed|was refused)/.test(msg)), { what: 'the end of the request' })
  t.same(errors(), [])
})
