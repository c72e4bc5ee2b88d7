import type { FastifyPluginAsync } from 'fastify'
import { checkHealth } from '../src/operations/check-health.ts'
import { requireJson } from './negotiation.ts'
import type { RoutesContext } from './routes-context.ts'

/**
 * GET {base}/health, for load balancers. It does not call `authorize`, and reveals nothing but whether each part
 * responds.
 */
export const healthRoute: FastifyPluginAsync<RoutesContext> = async (scope, { settings: { basePath }, engine, responses }) => {
  scope.get(`${basePath}/health`, {
    schema: {
      operationId: 'getHealth',
      summary: 'Check the health of each part',
      description: 'Requires no authorization. A missing worker is reported but still healthy: jobs wait for one.',
      tags: ['operations'],
      security: [],
      response: {
        ...responses.problems('validation_failed', 'not_acceptable'),
        200: responses.json('Health', 'Every part responds.'),
        503: responses.json('Health', 'At least one part does not respond.')
      }
    },
    onRequest: requireJson
  }, async (_request, reply) => {
    const health = await checkHealth(engine)
    reply.code(health.status === 'ok' ? 200 : 503).header('cache-control', 'no-store')
    return health
  })
}
