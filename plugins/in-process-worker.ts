import type { FastifyInstance, FastifyPluginAsync } from 'fastify'
import fp from 'fastify-plugin'
import { startEngineWorker, stopMs, type EngineWorkerSettings } from '../src/execution/worker/engine-worker.ts'
import type { RunningWorker } from '../src/execution/worker/worker.ts'

/** Works on jobs in the server's own process, from the time it is ready until it begins to close. */
const inProcessWorker: FastifyPluginAsync<EngineWorkerSettings> = async (app, settings) => {
  let worker: RunningWorker | undefined

  app.addHook('onReady', async () => {
    worker = await startEngineWorker(settings)
  })

  // Before any `onClose`: what the worker writes through, the application's MikroORM, may be closed there.
  app.addHook('preClose', async () => {
    await worker?.stop(withinTimeoutOf(app, stopMs))
  })
}

/** Fastify gives each hook so long, and fails the close of a server whose hook takes longer. */
function withinTimeoutOf ({ initialConfig: { pluginTimeout = 10_000 } }: FastifyInstance, ms: number): number {
  return pluginTimeout === 0 ? ms : Math.min(ms, pluginTimeout * 0.7)
}

export const inProcessWorkerPlugin = fp(inProcessWorker, { name: 'fastify-powercrud-async/in-process-worker', fastify: '5.x' })
