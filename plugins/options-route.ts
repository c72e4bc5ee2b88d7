import type { FastifyPluginAsync, FastifyRequest } from 'fastify'
import { Type, type Static } from '@sinclair/typebox'
import { closed } from '../schemas/common.ts'
import { Text } from '../schemas/entity/text.ts'
import { describeBulkOptions } from '../src/operations/bulk-options/bulk-options.ts'
import type { ActionName } from '../src/app/options/index.ts'
import type { EngineResource } from '../src/engine/engine.ts'
import { unknownName } from '../src/validation/suggestion.ts'
import { requireJson } from './negotiation.ts'
import type { RoutesContext } from './routes-context.ts'
import { selectionViewOf } from './selection-view.ts'
import { validationProblem } from './validation/index.ts'

const limitByDefault = 50
const limitAtMost = 200

const OptionsQuery = Type.Object({
  field: Type.Optional(Type.String({ description: 'Only this editable field, for more of its choices.' })),
  search: Type.Optional(Text({ maxLength: 200, description: 'Only choices that contain this text, in upper or lower case. With `field`.' })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: limitAtMost, description: `Choices of a page at most, for each field; ${limitByDefault} when left out.` })),
  cursor: Type.Optional(Type.String({ description: '`nextCursor` of the choices before. With `field`, and the same `search`.' }))
}, closed)
type OptionsQuery = Static<typeof OptionsQuery>

/** GET {path}/bulk-options of each resource. */
export const optionsRoute: FastifyPluginAsync<RoutesContext> = async (scope, context) => {
  for (const resource of context.engine.resources.values()) addRoute(resource)

  function addRoute (resource: EngineResource): void {
    const { engine, access, responses } = context
    scope.get<{ Querystring: OptionsQuery }>(`${resource.options.path}/bulk-options`, {
      schema: {
        operationId: `bulkOptions${resource.options.shape.schemaName}`,
        summary: `Get the bulk options of ${resource.name}`,
        description: 'Everything needed to build a form: the editable fields with their schemas, labels and choices, the filterable fields, the limits, and the actions of the caller. ' +
          'Choices of references are the records that the caller may choose, ordered by label and paged: request more with `?field=country&search=ger&cursor=…`. ' +
          '`fields` then has that field only, with the next page of its choices.',
        tags: [resource.name],
        querystring: OptionsQuery,
        response: {
          200: responses.json('BulkOptions', 'The bulk options.'),
          ...responses.problems('validation_failed', 'unauthenticated', 'forbidden', 'not_acceptable')
        }
      },
      onRequest: [async (request: FastifyRequest) => access.require(request, { action: 'view', resource: resource.name }), requireJson]
    }, async (request, reply) => {
      const { field, search, cursor, limit = limitByDefault } = request.query
      requireField(resource, request.query)
      reply.header('cache-control', 'no-store')
      return describeBulkOptions(engine, resource, { field, search, cursor, limit, view: await selectionViewOf(context, request, resource.name), actions: await actionsOf(request, resource) })
    })
  }

  /** The actions that the resource offers and the caller may perform. */
  async function actionsOf (request: FastifyRequest, { name, options: { editable, bulkDelete } }: EngineResource) {
    const may = (action: ActionName) => context.access.allows(request, { action, resource: name })
    return { update: editable.size > 0 && await may('update'), delete: bulkDelete && await may('delete') }
  }
}

/** @throws validation_failed for a field that is not editable, and for a page of no field */
function requireField ({ options: { editable } }: EngineResource, query: OptionsQuery): void {
  if (query.field !== undefined && !editable.has(query.field)) {
    throw validationProblem('querystring', [{ path: '/field', message: unknownName('editable field', query.field, [...editable.keys()]) }])
  }
  if (query.field !== undefined) return
  const paged = (['search', 'cursor'] as const).filter((name) => query[name] !== undefined)
  if (paged.length > 0) throw validationProblem('querystring', paged.map((name) => ({ path: `/${name}`, message: 'requires field' })))
}
