import type { FastifyPluginAsync } from 'fastify'
import { checkHealth } from '../src/operations/check-health.ts'
import { requireJson } from './negotiation.ts'
import type { RoutesContext } from './routes-context.ts'

/**
 * GET {base}/health. It passes no `authorize`: those who ask are load balancers, and it tells nothing but whether
 * each part answers.
 */
export const healthRoute: FastifyPluginAsync<RoutesContext> = async (scope, { settings: { basePath }, engine, responses }) => {
  scope.get(`${basePath}/health`, {
    schema: {
      operationId: 'getHealth',
      summary: 'Check the health of each part',
      description: 'Needs no authorization. No living worker is reported, and still healthy: jobs wait for one.',
      tags: ['operations'],
      security: [],
      response: {
        ...responses.problems('not_acceptable'),
        200: responses.json('Health', 'Every part answers.'),
        503: responses.json('Health', 'Some part does not answer.')
      }
    },
    onRequest: requireJson
  }, async (_request, reply) => {
    const health = await checkHealth(engine)
    reply.code(health.status === 'ok' ? 200 : 503).header('cache-control', 'no-store')
    return health
  })
}
