import { once } from 'node:events'
import { warnOfPlanned } from '../options/index.ts'
import { startEngineWorker, stopMs } from '../../execution/worker/engine-worker.ts'
import type { Command } from './command.ts'
import { openConfig, openEngine } from '../config/open-config.ts'

/** Works on jobs until it is told to stop. */
export const runWorker: Command = async ({ config: path }, { log, signal }) => {
  const config = await openConfig(path)
  try {
    warnOfPlanned(config.options, log)
    const { engine, queueBackend, close } = await openEngine(config, log)
    try {
      const worker = await startEngineWorker({ engine, queueBackend, concurrency: config.options.worker.concurrency })
      const told = { worker: worker.id, concurrency: config.options.worker.concurrency, queue: queueBackend.kind }
      worker.ready().then(() => log.info(told, 'the worker takes jobs'), () => undefined)
      if (!signal.aborted) await once(signal, 'abort')
      log.info(told, 'the worker stops')
      await worker.stop(stopMs)
    } finally {
      await close()
    }
  } finally {
    await config.close()
  }
  log.info({}, 'the worker has stopped')
}
