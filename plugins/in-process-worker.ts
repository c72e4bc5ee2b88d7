import type { FastifyInstance, FastifyPluginAsync } from 'fastify'
import fp from 'fastify-plugin'
import { startEngineWorker, stopMs, type EngineWorkerSettings } from '../src/execution/worker/engine-worker.ts'
import type { RunningWorker } from '../src/execution/worker/worker.ts'

/** Runs a worker in the server's process, from `onReady` until the server begins to close. */
const inProcessWorker: FastifyPluginAsync<EngineWorkerSettings> = async (app, settings) => {
  let worker: RunningWorker | undefined

  app.addHook('onReady', async () => {
    worker = await startEngineWorker(settings)
  })

  // Before any `onClose`, where the application may close the MikroORM that the worker uses.
  app.addHook('preClose', async () => {
    await worker?.stop(withinTimeoutOf(app, stopMs))
  })
}

/** Fastify fails the close of a server whose hook exceeds `pluginTimeout`. */
function withinTimeoutOf ({ initialConfig: { pluginTimeout = 10_000 } }: FastifyInstance, ms: number): number {
  return pluginTimeout === 0 ? ms : Math.min(ms, pluginTimeout * 0.7)
}

export const inProcessWorkerPlugin = fp(inProcessWorker, { name: 'fastify-powercrud-async/in-process-worker', fastify: '5.x' })
