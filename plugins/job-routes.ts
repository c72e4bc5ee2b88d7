import type { FastifyPluginAsync, FastifyRequest } from 'fastify'
import { Type, type Static } from '@sinclair/typebox'
import { closed, OneOf } from '../schemas/common.ts'
import { Text } from '../schemas/entity/text.ts'
import { jobStatuses } from '../schemas/job.ts'
import { listJobs } from '../src/operations/list-jobs.ts'
import { jobParams } from './job-params.ts'
import { requireJson } from './negotiation.ts'
import type { RoutesContext } from './routes-context.ts'
import { loadVisibleJob } from './load-visible-job.ts'

const limitByDefault = 50
const limitAtMost = 200

const JobsQuery = Type.Object({
  status: Type.Optional(Type.Array(OneOf(jobStatuses), { minItems: 1, description: 'Only jobs in this status, or one of these: `status=queued&status=running`.' })),
  resource: Type.Optional(Text({ description: 'Only jobs on this resource.' })),
  operation: Type.Optional(Text({ description: 'Only jobs of this operation: `update`, `delete`, or the name of a task.' })),
  createdBy: Type.Optional(Text({ description: 'Only jobs that this user launched, by id.' })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: limitAtMost, description: `Jobs of a page at most; ${limitByDefault} when left out.` })),
  cursor: Type.Optional(Type.String({ description: '`nextCursor` of the page before.' }))
}, closed)

/** GET {base}/jobs and {base}/jobs/{jobId}. */
export const jobRoutes: FastifyPluginAsync<RoutesContext> = async (scope, context) => {
  const { settings: { basePath }, engine, access, responses } = context

  scope.get<{ Querystring: Static<typeof JobsQuery> }>(`${basePath}/jobs`, {
    schema: {
      operationId: 'listJobs',
      summary: 'List jobs',
      description: 'The jobs that the caller may see, newest first.',
      tags: ['jobs'],
      querystring: JobsQuery,
      response: {
        200: responses.json('JobPage', 'A page of jobs.'),
        ...responses.problems('validation_failed', 'unauthenticated', 'forbidden', 'not_acceptable')
      }
    },
    onRequest: [async (request: FastifyRequest) => access.require(request, { action: 'view' }), requireJson]
  }, async (request, reply) => {
    const { status, resource, operation, createdBy, cursor, limit = limitByDefault } = request.query
    const { views, nextCursor } = await listJobs(engine, {
      status,
      resource,
      operation,
      createdBy,
      cursor,
      limit,
      ownedBy: await access.ownerOf(request),
      canSee: access.judgesEachJob ? (view) => access.canSee(request, view) : undefined
    })
    reply.header('cache-control', 'no-store')
    return { items: views.map(({ job }) => job), nextCursor }
  })

  scope.get(`${basePath}/jobs/:jobId`, {
    schema: {
      operationId: 'getJob',
      summary: 'Get a job',
      description: 'The job, whatever its status.',
      tags: ['jobs'],
      params: jobParams,
      response: {
        200: responses.json('Job', 'The job.'),
        ...responses.problems('validation_failed', 'unauthenticated', 'forbidden', 'job_not_found', 'not_acceptable')
      }
    },
    onRequest: requireJson
  }, async (request, reply) => {
    reply.header('cache-control', 'no-store')
    return (await loadVisibleJob(context, request, 'view')).job
  })
}
