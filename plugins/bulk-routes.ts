import type { FastifyPluginAsync, FastifyRequest } from 'fastify'
import { RequestContext } from '@mikro-orm/core'
import type { EntityManager } from '@mikro-orm/postgresql'
import type { BulkUpdate } from '../schemas/resource.ts'
import { selectionMistakes } from '../schemas/selection.ts'
import { problem } from '../src/errors.ts'
import { idempotencyClaim } from '../src/jobs/idempotency.ts'
import type { BulkLaunch } from '../src/jobs/launch-bulk.ts'
import { performBulk } from '../src/jobs/perform-bulk.ts'
import { isTerminal } from '../src/jobs/states.ts'
import { waitForEnd } from '../src/jobs/wait-for-end.ts'
import type { ResolvedResourceOptions } from '../src/options/index.ts'
import { bodyLimitOf } from './body-limit.ts'
import { parseIdempotencyKey } from './idempotency-key.ts'
import { requireJson } from './negotiation.ts'
import { parsePrefer } from './prefer.ts'
import { replyWithJob } from './reply-with-job.ts'
import { launchHeaders, launchResponses } from './launch-schema.ts'
import type { RoutesContext } from './routes-context.ts'
import { validationProblem } from './validation/index.ts'

type Operation = 'update' | 'delete'
type LaunchRequest = FastifyRequest<{ Body: BulkUpdate }>

const summaries: Record<Operation, (name: string) => string> = {
  update: (name) => `Update many records of ${name}`,
  delete: (name) => `Delete many records of ${name}`
}

/** POST {path}/bulk-update and {path}/bulk-delete of each resource. */
export const bulkRoutes: FastifyPluginAsync<RoutesContext> = async (scope, context) => {
  for (const resource of Object.values(context.settings.resources)) {
    if (resource.schemas.bulkUpdateBody !== undefined) addRoute('update', resource, `${resource.schemas.bulkUpdateBody.$id}#`)
    if (resource.bulkDelete) addRoute('delete', resource, `${resource.schemas.bulkDeleteBody.$id}#`)
  }

  function addRoute (operation: Operation, resource: ResolvedResourceOptions<FastifyRequest>, bodyRef: string): void {
    const { access, responses, settings, engine, feed } = context
    scope.post<{ Body: BulkUpdate }>(`${resource.path}/bulk-${operation}`, {
      bodyLimit: bodyLimitOf(resource),
      schema: {
        operationId: `bulk${operation === 'update' ? 'Update' : 'Delete'}${resource.shape.schemaName}`,
        summary: summaries[operation](resource.name),
        description: 'Few records are changed in the request (200). From `bulkMinAsyncRecords` on it becomes a background job (202): poll its progress.',
        tags: [resource.name],
        headers: launchHeaders,
        body: { $ref: bodyRef },
        response: launchResponses(responses)
      },
      onRequest: [
        async (request: FastifyRequest) => access.require(request, { action: operation, resource: resource.name }),
        requireJson
      ]
    }, async (request, reply) => {
      const preferences = parsePrefer(request.headers.prefer)
      const performed = await performBulk(engine, await launchOf(request, operation, resource))
      const job = preferences.waitSeconds === undefined || isTerminal(performed.job.status)
        ? performed.job
        : await waitForEnd(engine, feed, performed.job, preferences.waitSeconds * 1000, request.signal)
      return replyWithJob(reply, engine, { job, preferences, resource, settings })
    })
  }

  async function launchOf (request: LaunchRequest, operation: Operation, resource: ResolvedResourceOptions<FastifyRequest>): Promise<BulkLaunch> {
    const { engine, access } = context
    const { selection, set, onError = 'rollback', onConflict = 'fail', reason = null } = request.body
    const mistakes = selectionMistakes(operation, selection)
    if (mistakes.length > 0) throw validationProblem('body', mistakes)
    if ('previewId' in selection) throw problem('preview_not_found')
    const key = parseIdempotencyKey(request.headers['idempotency-key'])
    const user = await access.callerOf(request)
    return {
      resource: engine.resources.get(resource.name)!,
      operation,
      selection: selection as BulkLaunch['selection'],
      ...(operation === 'update' && { set: set as Record<string, unknown> }),
      onError,
      onConflict,
      reason,
      user,
      view: { em: entityManagerOf(context), scope: await resource.scope?.(request) },
      here: parsePrefer(request.headers.prefer).respondAsync ? 'never' : 'small',
      idempotency: key === undefined
        ? undefined
        : idempotencyClaim({ key, userId: user?.id ?? null, route: request.routeOptions.url!, body: request.body })
    }
  }
}

/** The application's own EntityManager of this request has the parameters of its filters; without one, a fresh one. */
function entityManagerOf ({ engine: { orm } }: RoutesContext): EntityManager {
  const ofRequest = RequestContext.getEntityManager(orm.config.get('contextName')) as EntityManager | undefined
  return ofRequest ?? orm.em.fork()
}
