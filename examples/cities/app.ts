import fastifyRedis from '@fastify/redis'
import fastifySwagger from '@fastify/swagger'
import fastifySwaggerUi from '@fastify/swagger-ui'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { MikroORM } from '@mikro-orm/postgresql'
import Fastify, { LogController, type FastifyInstance, type FastifyServerOptions } from 'fastify'
import powercrudAsync from '../../plugins/index.ts'
import { openapiOptions } from './openapi.ts'
import { pageRoutes } from './pages/routes.ts'
import { powercrudOptions } from './powercrud.config.ts'
import { sendNotFound, sendError } from './routes/error-responses.ts'
import { cityRoutes } from './routes/cities.ts'
import { tagRoutes } from './routes/tags.ts'
import { buildValidator } from './routes/validation.ts'
import { CityListSchema, CityPatchSchema, CitySchema, CityWithTagsSchema, ProblemSchema, TagListSchema, TagSchema } from './schemas/index.ts'
import type { Settings } from './settings.ts'

export interface AppOptions {
  orm: MikroORM
  /** then queue and live progress are in Redis */
  redisUrl?: string | undefined
  worker?: Settings['worker']
  logger?: FastifyServerOptions['logger']
}

/** The whole application, ready to listen or to be injected into. Does not close what is passed in. */
export async function buildApp ({ orm, redisUrl, worker = 'in-process', logger = false }: AppOptions): Promise<FastifyInstance> {
  const app = Fastify({
    logger,
    // The page polls: a log line per request would be noise.
    logController: new LogController({ disableRequestLogging: true }),
    schemaController: { compilersFactory: { buildValidator } }
  }).withTypeProvider<TypeBoxTypeProvider>()
  app.removeContentTypeParser('text/plain')
  app.setErrorHandler(sendError)
  app.setNotFoundHandler(sendNotFound)

  await app.register(fastifySwagger, openapiOptions)
  await app.register(fastifySwaggerUi, { routePrefix: '/documentation' })

  for (const schema of [CitySchema, CityWithTagsSchema, CityListSchema, CityPatchSchema, TagSchema, TagListSchema, ProblemSchema]) {
    app.addSchema(schema)
  }
  if (redisUrl !== undefined) await app.register(fastifyRedis, { url: redisUrl })
  await app.register(powercrudAsync, powercrudOptions({ orm, worker, redis: redisUrl === undefined ? undefined : true }))
  await app.register(cityRoutes, { orm })
  await app.register(tagRoutes, { orm })
  await app.register(pageRoutes, { orm })
  return app
}
