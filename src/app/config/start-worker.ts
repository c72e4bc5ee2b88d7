import { startEngineWorker, stopMs } from '../../execution/worker/engine-worker.ts'
import { releaseJobs } from '../../execution/worker/release-jobs.ts'
import type { Log } from '../../log.ts'
import type { QueueBackend } from '../../queue/job-queue.ts'
import type { Config } from './define-config.ts'
import { toStandardError } from './json-log.ts'
import { openEngine, resolveConfig, type ProcessOptions } from './open-config.ts'

/** A worker that runs in this process. */
export interface WorkerHandle {
  /** Names the worker in the table of workers and in leases. */
  readonly id: string
  /** Resolves when the worker takes jobs; later where the queue is not available yet. */
  ready (): Promise<void>
  /**
   * Takes no more jobs, returns unfinished ones to the queue, and closes what was opened for the worker. The MikroORM and
   * the Redis client of the config stay open.
   */
  close (): Promise<void>
}

/**
 * Starts a worker in this process, for programs that bring their own command line.
 * @param config the options of the plugin, as the server has them
 * @throws invalid_options, migrations_missing
 */
export async function startWorker (config: Config, { log = toStandardError }: { log?: Log } = {}): Promise<WorkerHandle> {
  return await openWorker(resolveConfig(config), log)
}

export interface OpenWorker extends WorkerHandle {
  readonly queue: QueueBackend['kind']
  /** Requeues the jobs that the worker is working on, without waiting for them: for a process that exits at once. */
  release (): Promise<void>
}

/** Starts a worker with options that are checked. */
export async function openWorker (config: ProcessOptions, log: Log): Promise<OpenWorker> {
  const { engine, queueBackend, close } = await openEngine(config, log)
  try {
    const worker = await startEngineWorker({ engine, queueBackend, concurrency: config.options.worker.concurrency })
    let closing: Promise<void> | undefined
    return {
      id: worker.id,
      queue: queueBackend.kind,
      ready: () => worker.ready(),
      release: () => releaseJobs(engine),
      close () {
        closing ??= worker.stop(stopMs).finally(close)
        return closing
      }
    }
  } catch (error) {
    await close()
    throw error
  }
}
