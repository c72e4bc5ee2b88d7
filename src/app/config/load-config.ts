import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { configurationError, isPowercrudError } from '../../errors.ts'
import type { Config, ConfigSource } from './define-config.ts'

/** Looked for in this order where no file is named. */
const defaultNames = ['powercrud.config.ts', 'powercrud.config.js', 'powercrud.config.mjs']

/**
 * Loads the options that a config file exports by default.
 * @param path relative to the working folder; `powercrud.config.ts` or `.js` there, when left out
 * @throws invalid_options, which says what is wrong with the file
 */
export async function loadConfig (path?: string): Promise<Config> {
  const file = resolve(path ?? defaultNames.find((name) => existsSync(name)) ?? wrong(`there is no ${defaultNames.join(', ')} in this folder; name the file with --config`))
  if (!existsSync(file)) wrong(`there is no file ${file}`)
  try {
    const { default: source } = await import(pathToFileURL(file).href) as { default?: ConfigSource }
    if (source === undefined) wrong(`${file} has no default export; end it with export default defineConfig({ orm, resources })`)
    const config = await (typeof source === 'function' ? source() : source)
    if (typeof config !== 'object' || config === null) wrong(`${file} exports ${config === null ? 'null' : `a ${typeof config}`} by default, not options`)
    return config
  } catch (error) {
    if (isPowercrudError(error)) throw error
    throw configurationError('invalid_options', `${file} could not be loaded: ${(error as Error).message}`, { cause: error })
  }
}

function wrong (detail: string): never {
  throw configurationError('invalid_options', detail)
}
