import fastifyAccepts from '@fastify/accepts'
import type { TSchema } from '@sinclair/typebox'
import type { FastifyInstance, FastifyPluginAsync } from 'fastify'
import { HealthSchema } from '../schemas/health.ts'
import { sharedComponents } from '../schemas/components.ts'
import { actionRoutes } from './action-routes.ts'
import { bulkRoutes } from './bulk-routes.ts'
import { handleError } from './error-handler.ts'
import { healthRoute } from './health-route.ts'
import { jobRoutes } from './job-routes.ts'
import { locksRoutes } from './locks-routes.ts'
import { optionsRoute } from './options-route.ts'
import { progressRoute } from './progress-route.ts'
import { resultRoute } from './result-route.ts'
import type { RoutesContext } from './routes-context.ts'
import { buildValidatorCompiler, illFormedText, validationProblem } from './validation/index.ts'

/**
 * The encapsulated scope of all our routes, with its own validator, serializer and error handler, whatever the host has
 * set. The hooks of the host run here as everywhere.
 */
export const routes: FastifyPluginAsync<RoutesContext> = async (scope, context) => {
  const components = componentsOf(context)
  for (const schema of components) scope.addSchema(schema)
  scope.setValidatorCompiler(buildValidatorCompiler(components))
  // Response schemas are documentation. A compiled serializer would write null in a plain string as "".
  scope.setSerializerCompiler(() => JSON.stringify)
  scope.setReplySerializer((payload) => JSON.stringify(payload))
  scope.setErrorHandler(handleError)
  acceptOnlyJson(scope)
  if (!scope.hasRequestDecorator('accepts')) await scope.register(fastifyAccepts)

  for (const plugin of [bulkRoutes, optionsRoute, locksRoutes, progressRoute, jobRoutes, resultRoute, actionRoutes, healthRoute]) await scope.register(plugin, context)
}

function componentsOf ({ settings: { schemaPrefix }, engine: { resources } }: RoutesContext): TSchema[] {
  return [...sharedComponents(schemaPrefix), HealthSchema(schemaPrefix), ...[...resources.values()].flatMap(({ options }) => options.schemas.components)]
}

/** The host may accept other content types, or parse JSON differently. */
function acceptOnlyJson (scope: FastifyInstance): void {
  scope.removeAllContentTypeParsers()
  const parse = scope.getDefaultJsonParser('error', 'error')
  scope.addContentTypeParser<string>('application/json', { parseAs: 'string' }, (request, body, done) => {
    parse(request, body, (error, parsed) => {
      const invalid = error === null ? illFormedText(body, parsed) : undefined
      done(invalid === undefined ? error : validationProblem('body', [invalid]), parsed)
    })
  })
}
