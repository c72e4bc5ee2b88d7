import type { FastifyPluginAsync, FastifyRequest } from 'fastify'
import type { BulkUpdate } from '../schemas/resource.ts'
import { selectionErrors } from '../schemas/selection.ts'
import { idempotencyClaim } from '../src/jobs/idempotency.ts'
import type { BulkLaunch } from '../src/operations/launch/launch-bulk.ts'
import { performBulk } from '../src/operations/launch/perform-bulk.ts'
import { isTerminal } from '../src/engine/states.ts'
import { waitForEnd } from '../src/operations/wait-for-end.ts'
import type { EngineResource } from '../src/engine/engine.ts'
import { previewBulk, type PreviewRequest } from '../src/operations/preview/preview-bulk.ts'
import { bodyLimitOf } from './body-limit.ts'
import { disconnectSignal } from './disconnect-signal.ts'
import { parseIdempotencyKey } from './idempotency-key.ts'
import { requireJson } from './negotiation.ts'
import { parsePrefer } from './prefer.ts'
import { replyWithJob } from './reply-with-job.ts'
import { launchHeaders, launchResponses } from './launch-schema.ts'
import type { RoutesContext } from './routes-context.ts'
import { selectionViewOf } from './selection-view.ts'
import { validationProblem } from './validation/index.ts'

type Operation = 'update' | 'delete'
type LaunchRequest = FastifyRequest<{ Body: BulkUpdate }>

const summaries: Record<Operation, (name: string) => string> = {
  update: (name) => `Update many records of ${name}`,
  delete: (name) => `Delete many records of ${name}`
}

/** POST {path}/bulk-update and {path}/bulk-delete of each resource. */
export const bulkRoutes: FastifyPluginAsync<RoutesContext> = async (scope, context) => {
  for (const resource of context.engine.resources.values()) {
    const { schemas, bulkDelete } = resource.options
    if (schemas.bulkUpdateBody !== undefined) addRoute('update', resource, `${schemas.bulkUpdateBody.$id}#`)
    if (bulkDelete) addRoute('delete', resource, `${schemas.bulkDeleteBody.$id}#`)
  }

  function addRoute (operation: Operation, resource: EngineResource, bodyRef: string): void {
    const { access, responses, engine, feed } = context
    scope.post<{ Body: BulkUpdate }>(`${resource.options.path}/bulk-${operation}`, {
      bodyLimit: bodyLimitOf(resource),
      schema: {
        operationId: `bulk${operation === 'update' ? 'Update' : 'Delete'}${resource.options.shape.schemaName}`,
        summary: summaries[operation](resource.name),
        description: 'Small selections are processed in the request (200). Operations on at least `bulkMinAsyncRecords` records run in the background (202): poll the progress of the job.',
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
      const launch = await launchOf(request, operation, resource)
      if (request.body.dryRun === true) return previewBulk(engine, previewOf(launch))
      const performed = await performBulk(engine, launch)
      const job = preferences.waitSeconds === undefined || isTerminal(performed.job.status)
        ? performed.job
        : await waitForEnd(engine, feed, performed.job, preferences.waitSeconds * 1000, disconnectSignal(reply))
      return replyWithJob(reply, engine, { job, preferences, resource })
    })
  }

  async function launchOf (request: LaunchRequest, operation: Operation, resource: EngineResource): Promise<BulkLaunch> {
    const { access } = context
    const { selection, set, onError = 'rollback', onConflict = 'fail', reason = null, dryRun } = request.body
    const errors = selectionErrors(operation, selection, dryRun)
    if (errors.length > 0) throw validationProblem('body', errors)
    const key = parseIdempotencyKey(request.headers['idempotency-key'])
    const user = await access.callerOf(request)
    return {
      resource,
      operation,
      selection: selection as BulkLaunch['selection'],
      ...(operation === 'update' && { set: set as Record<string, unknown> }),
      onError,
      onConflict,
      reason,
      user,
      view: await selectionViewOf(context, request, resource.name),
      runInRequest: parsePrefer(request.headers.prefer).respondAsync ? 'never' : 'small',
      idempotency: key === undefined
        ? undefined
        : idempotencyClaim({ key, userId: user?.id ?? null, route: request.routeOptions.url!, body: request.body })
    }
  }
}

/** A preview freezes its own selection and cannot preview that of another preview. */
function previewOf (launch: BulkLaunch): PreviewRequest {
  const { selection, operation } = launch
  if ('previewId' in selection) {
    throw validationProblem('body', [{ path: '/dryRun', message: 'a preview cannot be previewed; with previewId it can only be executed' }])
  }
  return { ...launch, selection: selection as PreviewRequest['selection'], operation: operation as Operation }
}
