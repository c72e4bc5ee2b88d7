import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import type { LocksQuery } from '../schemas/resource.ts'
import { listLocks } from '../src/operations/list-locks.ts'
import type { EngineResource } from '../src/engine/engine.ts'
import { bodyLimitOf } from './body-limit.ts'
import { requireJson } from './negotiation.ts'
import type { RoutesContext } from './routes-context.ts'
import { selectionViewOf } from './selection-view.ts'

/** GET {path}/locks and POST {path}/locks/query of each resource. */
export const locksRoutes: FastifyPluginAsync<RoutesContext> = async (scope, context) => {
  const { engine, access, responses } = context
  for (const resource of engine.resources.values()) addRoutes(resource)

  function addRoutes (resource: EngineResource): void {
    const { name, options: { path, shape: { schemaName }, schemas: { locksQuerystring, locksQueryBody } } } = resource
    const shared = {
      summary: `List which records of ${name} are locked`,
      tags: [name],
      response: {
        200: responses.json('Locks', 'The locked ones.'),
        ...responses.problems('validation_failed', 'unauthenticated', 'forbidden', 'not_acceptable')
      }
    }
    const onRequest = [async (request: FastifyRequest) => access.require(request, { action: 'view', resource: name }), requireJson]
    const answer = async (request: FastifyRequest, reply: FastifyReply, { ids }: LocksQuery) => {
      reply.header('cache-control', 'no-store')
      const view = await selectionViewOf(context, request, name)
      return { items: await listLocks(engine, { resource, ids, view, canSee: (seen) => access.canSee(request, seen) }) }
    }

    // A composite key does not fit into a query string.
    if (locksQuerystring !== undefined) {
      scope.get<{ Querystring: LocksQuery }>(`${path}/locks`, {
        schema: {
          ...shared,
          operationId: `listLocks${schemaName}`,
          description: 'Lists only records that are locked. Separate keys by commas (`ids=1,2,3`) or repeat the parameter (`ids=1&ids=2`). For many keys use `POST` on `locks/query`.',
          querystring: locksQuerystring
        },
        onRequest,
        preValidation: async (request) => splitIds(request, resource)
      }, async (request, reply) => answer(request, reply, request.query))
    }

    scope.post<{ Body: LocksQuery }>(`${path}/locks/query`, {
      bodyLimit: bodyLimitOf(resource),
      schema: {
        ...shared,
        operationId: `queryLocks${schemaName}`,
        description: 'The same for many keys and for composite keys. Lists only records that are locked; changes nothing.',
        body: { $ref: `${locksQueryBody.$id}#` },
        response: { ...shared.response, ...responses.problems('validation_failed', 'unauthenticated', 'forbidden', 'not_acceptable', 'unsupported_media_type', 'body_too_large') }
      },
      onRequest
    }, async (request, reply) => answer(request, reply, request.body))
  }
}

/**
 * Splits lists of keys. A text key may contain a comma: such a value is also looked up as a whole, so that its lock is
 * not missed.
 */
function splitIds (request: FastifyRequest<{ Querystring: LocksQuery }>, { options: { shape: { key } } }: Pick<EngineResource, 'options'>): void {
  const { ids } = request.query as { ids?: unknown }
  if (ids === undefined) return
  const [{ type, schema }] = key.parts as [typeof key.parts[number]]
  const mayBeKey = (text: string) => type === 'text' && [...text].length <= (schema.maxLength ?? Infinity)
  request.query = {
    ...request.query,
    ids: [ids].flat().map(String).flatMap((text) => {
      const parts = text.split(',')
      return parts.length > 1 && mayBeKey(text) ? [text, ...parts] : parts
    })
  }
}
