import type { FastifyPluginAsync } from 'fastify'
import fp from 'fastify-plugin'
import type { Engine } from '../src/engine.ts'
import type { QueueBackend, QueueConsumer } from '../src/queue/job-queue.ts'
import { handleDelivery } from '../src/worker/handle-delivery.ts'

/** How long a worker may take to put back what it is working on. */
const stopMs = 15_000

export interface InProcessWorkerOptions {
  engine: Engine
  queueBackend: QueueBackend
  concurrency: number
}

/** Works on jobs in the server's own process, from the time it is ready until it begins to close. */
const inProcessWorker: FastifyPluginAsync<InProcessWorkerOptions> = async (app, { engine, queueBackend, concurrency }) => {
  const stopping = new AbortController()
  let consumer: QueueConsumer | undefined

  app.addHook('onReady', async () => {
    consumer = await queueBackend.createConsumer({
      concurrency,
      handle: (delivery) => handleDelivery(engine, delivery, { signal: stopping.signal }),
      onError: (error) => engine.log.warn({ err: error }, 'the worker is in trouble')
    })
  })

  // Before any `onClose`: what the worker writes through, the application's MikroORM, may be closed there.
  app.addHook('preClose', async () => {
    stopping.abort()
    await consumer?.close(stopMs)
  })
}

export const inProcessWorkerPlugin = fp(inProcessWorker, { name: 'fastify-powercrud-async/in-process-worker', fastify: '5.x' })
