import type { FastifyPluginAsync } from 'fastify'
import fp from 'fastify-plugin'

/**
 * For the option `refResolver` of @fastify/swagger: schemas keep their names (`PowercrudJob`), instead of `def-0`.
 */
export const refResolver = {
  buildLocalReference (schema: { $id?: unknown }, _baseUri: unknown, _fragment: string, index: number): string {
    return typeof schema.$id === 'string' ? schema.$id : `def-${index}`
  }
}

/** Warns when @fastify/swagger is registered after us: it describes only routes that are registered after it. */
const watchSwagger: FastifyPluginAsync = async (app) => {
  const isRegisteredAfter = !app.hasDecorator('swagger')
  app.addHook('onReady', async () => {
    if (isRegisteredAfter && app.hasDecorator('swagger')) {
      app.log.warn({}, 'fastify-powercrud-async was registered before @fastify/swagger, so its routes are missing from the OpenAPI document; register @fastify/swagger first')
    }
  })
}

export const watchSwaggerPlugin = fp(watchSwagger, { name: 'fastify-powercrud-async/openapi-document', fastify: '5.x' })
