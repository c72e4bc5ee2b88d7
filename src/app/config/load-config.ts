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
    throw configurationError('invalid_options', `${file} could not be loaded: ${describe(error)}`, { cause: error })
  }
}

function wrong (detail: string): never {
  throw configurationError('invalid_options', detail)
}

/** The message, with the place where it is not known from the message: of syntax errors, and of those of the language. */
function describe (error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const place = 'code' in error && !(error instanceof SyntaxError) ? undefined : placeOf(error)
  return place === undefined ? error.message : `${error.message} (${place})`
}

/** The file and line of an error: the first that its stack names outside of Node and the installed packages. */
function placeOf ({ stack = '' }: Error): string | undefined {
  const [, place] = stack.split('\n')
    .map((line) => /(?:^|[ (]|file:\/\/)(\/(?:(?!node_modules)[^():])+:\d+)(?::\d+)?\)?$/.exec(line))
    .find((found) => found !== null) ?? []
  return place
}
