import { once } from 'node:events'
import { Readable } from 'node:stream'
import type { FastifyPluginAsync, FastifyRequest } from 'fastify'
import { Type, type Static } from '@sinclair/typebox'
import { closed, OneOf } from '../schemas/common.ts'
import { rowOutcomes } from '../schemas/results.ts'
import { asCsv, asNdjson } from '../src/operations/results/export.ts'
import { resultPage } from '../src/operations/results/result-page.ts'
import { rowResults } from '../src/jobs/results/row-results.ts'
import { jobParams } from './job-params.ts'
import { negotiate } from './negotiation.ts'
import type { RoutesContext } from './routes-context.ts'
import { loadVisibleJob } from './load-visible-job.ts'

const limitByDefault = 100
const limitAtMost = 1_000
const mediaTypes = ['application/json', 'application/x-ndjson', 'text/csv'] as const

const ResultsQuery = Type.Object({
  outcome: Type.Optional(OneOf(rowOutcomes, { description: 'Only records with this outcome.' })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: limitAtMost, description: `Results of a page at most; ${limitByDefault} when left out.` })),
  cursor: Type.Optional(Type.String({ description: '`nextCursor` of the page before.' }))
}, closed)

/** GET {base}/jobs/{jobId}/results: JSON in pages, NDJSON and CSV whole. */
export const resultRoute: FastifyPluginAsync<RoutesContext> = async (scope, context) => {
  const { settings: { basePath }, engine, responses } = context

  scope.get<{ Querystring: Static<typeof ResultsQuery> }>(`${basePath}/jobs/:jobId/results`, {
    schema: {
      operationId: 'getJobResults',
      summary: 'Get the result of each record',
      description: 'JSON is paged. `application/x-ndjson` and `text/csv` stream all results; `limit` and `cursor` apply to JSON only.',
      tags: ['jobs'],
      params: jobParams,
      querystring: ResultsQuery,
      response: {
        200: responses.results('A page of row results, or all of them as a stream.'),
        ...responses.problems('validation_failed', 'unauthenticated', 'forbidden', 'job_not_found', 'not_acceptable', 'wrong_state')
      }
    },
    onRequest: async (request: FastifyRequest) => { negotiate(request, mediaTypes) }
  }, async (request, reply) => {
    const { row } = await loadVisibleJob(context, request, 'view')
    const { outcome, cursor, limit = limitByDefault } = request.query
    const mediaType = negotiate(request, mediaTypes)
    reply.header('cache-control', 'no-store').header('vary', 'accept')
    if (mediaType === 'application/json') return resultPage(engine, row, { outcome, limit, cursor })
    const results = rowResults(engine, row, { outcome })
    const stream = Readable.from(mediaType === 'text/csv' ? asCsv(results) : asNdjson(results))
    // Until the first results arrive, a failure can still be answered with a problem.
    await once(stream, 'readable')
    reply.type(mediaType === 'text/csv' ? 'text/csv; charset=utf-8; header=present' : mediaType)
    return reply.send(stream)
  })
}
