import type { Log } from '../../log.ts'
import { toStandardError } from './json-log.ts'
import type { AsyncManager } from '../manager/async-manager.ts'
import { openConfig, openEngine } from './open-config.ts'

/** A manager without a server, and what ends it. */
export interface OpenPowercrud {
  readonly powercrud: AsyncManager
  /** Closes everything that was opened for it, the MikroORM of the config file among it. */
  close (): Promise<void>
}

/**
 * Opens the `AsyncManager` of a config file, for scripts, cron and whatever else runs without the server: to launch tasks, to
 * ask for jobs and locks. It works on no job itself.
 *
 * @param path `powercrud.config.ts` or `.js` in the working folder, when left out
 * @throws invalid_options, migrations_missing
 */
export async function openPowercrud (path?: string, { log = toStandardError }: { log?: Log } = {}): Promise<OpenPowercrud> {
  const config = await openConfig(path)
  try {
    const { manager, close } = await openEngine(config, log)
    return {
      powercrud: manager,
      async close () {
        await close()
        await config.close()
      }
    }
  } catch (error) {
    await config.close()
    throw error
  }
}
