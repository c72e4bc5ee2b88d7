import { Type } from '@sinclair/typebox'
import Fastify, { type FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import { buildValidatorCompiler } from '../../plugins/validation/index.ts'
import { isPowercrudError, toProblem } from '../../src/errors.ts'
import { components, items } from './item-schemas.ts'

/** A host with Fastify's own Ajv, and our inner scope in it. */
async function build (t: Test): Promise<FastifyInstance> {
  const app = Fastify()
  t.teardown(() => app.close())
  app.addSchema({ $id: 'Job', type: 'object', properties: { x: { type: 'integer' } } })
  app.post('/host', { schema: { body: { type: 'object', properties: { x: { type: 'integer' } }, additionalProperties: false } } }, async (request) => request.body)
  await app.register(async (inner) => {
    inner.setValidatorCompiler(buildValidatorCompiler(components))
    for (const component of components) inner.addSchema(component)
    inner.setErrorHandler((error, _request, reply) => {
      const body = toProblem(error)
      return reply.status(body.status).type('application/problem+json').send(body)
    })
    inner.post('/bulk-update', { schema: { body: { $ref: `${items.bulkUpdateBody!.$id}#` } } }, async (request) => request.body)
    inner.get('/locks', { schema: { querystring: items.locksQuerystring } }, async (request) => request.query)
    inner.get('/jobs', { schema: { querystring: Type.Object({ limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200 })) }, { additionalProperties: false }) } }, async (request) => request.query)
    inner.post('/own', { schema: { body: { type: 'object', not: { required: ['secret'] } } } }, async () => 'ok')
  })
  return app
}

t.test('a body is taken as it is, or refused: nothing is removed, coerced or filled in', async (t) => {
  const app = await build(t)
  const post = (payload: object) => app.inject({ method: 'POST', url: '/bulk-update', payload })
  const fine = { selection: { filter: { status: 'new' } }, set: { priority: 1 } }
  t.same((await post(fine)).json(), fine)
  for (const payload of [
    { selection: { filter: { statuss: 'new' } }, set: { priority: 1 } },
    { selection: { ids: ['1'] }, set: { priority: 1 } },
    { selection: { ids: [1] }, set: { priority: '1' } },
    { selection: { ids: 1 }, set: { priority: 1 } }
  ]) {
    const reply = await post(payload)
    t.equal(reply.statusCode, 400)
    t.equal(reply.json().code, 'validation_failed')
  }
})

t.test('the refusal tells each mistake, and the first of them in its detail', async (t) => {
  const app = await build(t)
  const reply = await app.inject({ method: 'POST', url: '/bulk-update', payload: { selection: {}, set: { statuss: 1 } } })
  t.match(reply.headers['content-type'], 'application/problem+json')
  t.match(reply.json(), {
    type: 'urn:problem-type:powercrud:validation_failed',
    status: 400,
    code: 'validation_failed',
    detail: 'the body is not valid: /selection: exactly one of ids, filter, all, previewId is allowed; given: none (and 1 more)',
    errors: [{ path: '/selection' }, { path: '/set/statuss', message: /did you mean status\?/ }]
  })
})

t.test('a body that is missing', async (t) => {
  const app = await build(t)
  const reply = await app.inject({ method: 'POST', url: '/bulk-update' })
  t.match(reply.json(), { status: 400, code: 'validation_failed', errors: [{ path: '' }] })
})

t.test('a query is text, and is read as what it stands for', async (t) => {
  const app = await build(t)
  t.same((await app.inject('/locks?ids=7')).json(), { ids: [7] })
  t.same((await app.inject('/locks?ids=7&ids=8')).json(), { ids: [7, 8] })
  t.same((await app.inject('/jobs?limit=20')).json(), { limit: 20 })
  t.same((await app.inject('/jobs')).json(), {})
  t.match((await app.inject('/jobs?limit=500')).json(), { code: 'validation_failed', errors: [{ path: '/limit', message: 'expected an integer from 1 to 200; given: 500' }] })
  t.match((await app.inject('/jobs?limt=5')).json(), { errors: [{ path: '/limt', message: 'unknown parameter; did you mean limit? allowed: limit' }] })
  t.match((await app.inject('/locks?ids=x')).json(), { errors: [{ path: '/ids/0' }] })
})

t.test('keywords that only the application uses are told in Ajv\'s words', async (t) => {
  const app = await build(t)
  t.match((await app.inject({ method: 'POST', url: '/own', payload: { secret: 1 } })).json(), { code: 'validation_failed', errors: [{ path: '', message: 'must NOT be valid' }] })
})

t.test('the host keeps its own Ajv', async (t) => {
  const app = await build(t)
  const reply = await app.inject({ method: 'POST', url: '/host', payload: { x: '5', y: 1 } })
  t.same(reply.json(), { x: 5 })
})

t.test('a hundred thousand ids are judged in no time, right or wrong', async (t) => {
  const validate = buildValidatorCompiler(components)({ schema: items.selection, method: 'POST', url: '/', httpPart: 'body' })
  t.match(validate({ ids: Array.from({ length: 100_000 }, (_, index) => index) }), { error: undefined })
  const { error } = validate({ ids: Array(100_000).fill('x') }) as { error: unknown }
  t.ok(isPowercrudError(error, 'validation_failed') && error.errors!.length === 20)
})
