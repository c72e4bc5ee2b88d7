import fastifyAccepts from '@fastify/accepts'
import { Type, type TSchema } from '@sinclair/typebox'
import type { FastifyInstance, FastifyPluginAsync, FastifyRequest } from 'fastify'
import { closed } from '../schemas/common.ts'
import { problem } from '../src/errors.ts'
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
  scope.addHook('onRoute', ({ schema = {} }) => { schema.querystring ??= noParameters })
  if (!scope.hasRequestDecorator('accepts')) await scope.register(fastifyAccepts)

  for (const plugin of [bulkRoutes, optionsRoute, locksRoutes, progressRoute, jobRoutes, resultRoute, actionRoutes, healthRoute]) await scope.register(plugin, context)
}

function componentsOf ({ settings: { schemaPrefix }, engine: { resources } }: RoutesContext): TSchema[] {
  return [...sharedComponents(schemaPrefix), HealthSchema(schemaPrefix), ...[...resources.values()].flatMap(({ options }) => options.schemas.components)]
}

/** For routes without query parameters: an unknown one is refused on every route. */
const noParameters = Type.Object({}, closed)

/** The host may accept other content types, or parse JSON differently. */
function acceptOnlyJson (scope: FastifyInstance): void {
  scope.removeAllContentTypeParsers()
  const parse = scope.getDefaultJsonParser('error', 'error')
  scope.addContentTypeParser<string>('application/json', { parseAs: 'string' }, (request, body, done) => {
    const unsupported = unsupportedEncoding(request)
    if (unsupported !== undefined) return done(problem('unsupported_media_type', unsupported))
    parse(request, body, (error, parsed) => {
      const invalid = error === null ? illFormedText(body, parsed) : { path: '', message: error.message }
      done(invalid === undefined ? null : validationProblem('body', [invalid]), parsed)
    })
  })
}

/** Bodies are read as UTF-8: another charset would be written as other text, and a compressed body is no text at all. */
function unsupportedEncoding ({ headers }: FastifyRequest): string | undefined {
  const { 'content-type': type = '', 'content-encoding': encoding = 'identity' } = headers
  const [, charset = 'utf-8'] = /;\s*charset\s*=\s*"?([^\s;"]+)/i.exec(type) ?? []
  if (!/^(utf-?8|us-ascii)$/i.test(charset)) return `the charset ${charset} is not supported; the body must be UTF-8`
  return /^identity$/i.test(encoding) ? undefined : `the Content-Encoding ${encoding} is not supported; send the body uncompressed`
}
