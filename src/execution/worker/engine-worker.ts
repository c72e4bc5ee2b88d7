import type { Engine } from '../../engine/engine.ts'
import type { QueueBackend } from '../../queue/job-queue.ts'
import { capabilitiesOf } from '../../engine/capabilities.ts'
import { handleDelivery } from './handle-delivery.ts'
import { startWorker, type RunningWorker } from './worker.ts'

/** How long a worker that stops may take to release its jobs. */
export const stopMs = 15_000

export interface EngineWorkerSettings {
  readonly engine: Engine
  readonly queueBackend: QueueBackend
  /** Jobs done at once. */
  readonly concurrency: number
}

/** Starts a worker for the jobs of an engine: the same in a server's process and in one of its own. */
export async function startEngineWorker ({ engine, queueBackend, concurrency }: EngineWorkerSettings): Promise<RunningWorker> {
  const { pulse, tables, log, leaseMs, workerId } = engine
  return await startWorker({
    id: workerId,
    backend: queueBackend,
    concurrency,
    capabilities: capabilitiesOf(engine),
    registry: { sql: pulse, tables, deadAfterMs: leaseMs },
    handle: (delivery, { signal }) => handleDelivery(engine, delivery, { signal }),
    onError: (error) => log.warn({ err: error }, 'the worker failed to reach the queue or the database')
  })
}
