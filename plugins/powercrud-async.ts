import type { FastifyPluginAsync, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { createEngine } from '../src/app/engine/create-engine.ts'
import { createJobFeed } from '../src/live/job-feed.ts'
import type { AsyncManager } from '../src/app/manager/async-manager.ts'
import { resolveOptions, type PluginOptions } from '../src/app/options/index.ts'
import { createAccess } from './access.ts'
import { cleanupSchedule } from './cleanup-schedule.ts'
import { inProcessWorkerPlugin } from './in-process-worker.ts'
import { watchSwaggerPlugin } from './openapi-document.ts'
import { resolveRedis } from './redis.ts'
import { describeResponses } from './responses.ts'
import { routes } from './routes.ts'

export type PowercrudAsyncOptions = PluginOptions<FastifyRequest>

declare module 'fastify' {
  interface FastifyInstance {
    powercrud: AsyncManager
  }
}

const plugin: FastifyPluginAsync<PowercrudAsyncOptions> = async (app, options) => {
  const settings = resolveOptions(options)
  const { engine, manager, queueBackend, close } = await createEngine({
    orm: settings.orm,
    redis: resolveRedis(app, settings.redis),
    prefix: settings.prefix,
    databaseSchema: settings.databaseSchema,
    migrate: settings.migrate,
    // Links include the prefix under which the application has registered the plugin.
    rules: { ...settings, basePath: app.prefix + settings.basePath },
    resources: settings.resources,
    tasks: settings.tasks,
    manager: settings.manager,
    hooks: settings.hooks,
    log: app.log
  })
  const feed = createJobFeed(engine.live)

  app.decorate('powercrud', manager)
  app.addHook('onClose', close)
  // Requests that wait for a job would keep the server from closing.
  app.addHook('preClose', async () => feed.close())
  await app.register(watchSwaggerPlugin)
  await app.register(routes, { engine, feed, settings, access: createAccess(settings), responses: describeResponses(settings.schemaPrefix) })
  await app.register(cleanupSchedule, { engine })
  if (settings.worker.mode === 'in-process') {
    await app.register(inProcessWorkerPlugin, { engine, queueBackend, concurrency: settings.worker.concurrency })
  }
}

export const powercrudAsync = fp(plugin, { name: 'fastify-powercrud-async', fastify: '5.x' })
export default powercrudAsync
