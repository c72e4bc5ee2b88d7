import { once } from 'node:events'
import { openConfig } from '../config/open-config.ts'
import { openWorker } from '../config/start-worker.ts'
import type { Command } from './command.ts'
import { beforeImmediateExit } from './stop-signal.ts'

/** Runs a worker until the signal aborts. */
export const runWorker: Command = async ({ config: path }, { log, signal }) => {
  const config = await openConfig(path)
  try {
    const worker = await openWorker(config, log)
    const details = { worker: worker.id, concurrency: config.options.worker.concurrency, queue: worker.queue }
    worker.ready().then(() => log.info(details, 'the worker takes jobs'), () => undefined)
    const keepJobs = beforeImmediateExit(() => worker.release())
    if (!signal.aborted) await once(signal, 'abort')
    log.info(details, 'the worker stops')
    await worker.close()
    keepJobs()
  } finally {
    await config.close()
  }
  log.info({}, 'the worker has stopped')
}
