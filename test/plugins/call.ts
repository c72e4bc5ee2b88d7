import { equal, match, ok } from 'node:assert/strict'
import type { FastifyInstance, InjectOptions } from 'fastify'
import { sharedComponents } from '../../schemas/components.ts'
import { HealthSchema } from '../../schemas/health.ts'
import type { Job } from '../../schemas/job.ts'
import type { Problem } from '../../schemas/problem.ts'
import { buildAjv } from '../../src/validation/ajv.ts'

export interface Answer {
  status: number
  headers: Record<string, string | undefined>
  text: string
  /** The body, where it is JSON. */
  // What is in it is what the tests are about.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  json: any
}

export interface CallOptions {
  headers?: Record<string, string>
  body?: unknown
  /** The calling user; null for an anonymous caller. */
  as?: string | null
}

export interface Caller {
  get (url: string, options?: CallOptions): Promise<Answer>
  post (url: string, body?: unknown, options?: CallOptions): Promise<Answer>
}

const ajv = buildAjv([...sharedComponents(), HealthSchema()], 'body')

/** Calls an application, and holds every answer of ours against the schema that it is documented with. */
export function createCaller (app: FastifyInstance): Caller {
  async function call (method: 'GET' | 'POST', url: string, { headers = {}, body, as = 'ada' }: CallOptions): Promise<Answer> {
    const response = await app.inject({
      method,
      url,
      headers: { ...(as !== null && { 'x-user': as }), ...headers },
      ...(body !== undefined && { payload: body as InjectOptions['payload'] })
    })
    const type = String(response.headers['content-type'])
    const answer: Answer = {
      status: response.statusCode,
      headers: response.headers as Answer['headers'],
      text: response.body,
      json: /json/.test(type) ? response.json() : undefined
    }
    check(answer, type)
    return answer
  }
  return {
    get: (url, options = {}) => call('GET', url, options),
    post: (url, body, options = {}) => call('POST', url, { ...options, body })
  }
}

function check ({ status, json, text }: Answer, type: string): void {
  const schema = schemaOf(json)
  if (schema === undefined) return
  ok(ajv.validate({ $ref: `Powercrud${schema}#` }, json), `${text} is no ${schema}: ${ajv.errorsText()}`)
  match(type, schema === 'Problem' ? /^application\/problem\+json/ : /^application\/json/)
  if (schema === 'Problem') equal((json as Problem).status, status)
  if (schema === 'Job') checkCounts(json)
}

function schemaOf (json: Answer['json']): string | undefined {
  if (json?.code !== undefined) return 'Problem'
  if (json?.items !== undefined) return json.items[0]?.outcome === undefined ? 'JobPage' : 'ResultPage'
  return json?.counts !== undefined ? 'Job' : json?.workers !== undefined ? 'Health' : undefined
}

const ended = ['succeeded', 'completed_with_errors', 'failed', 'cancelled']

/** What every job must hold to: its counts add up once it has ended. */
function checkCounts ({ status, counts }: Job): void {
  if (!ended.includes(status)) return
  equal(counts.processed, counts.succeeded + counts.unchanged + counts.missing + counts.skipped + counts.failed)
}
