import type { FastifyRequest } from 'fastify'
import type { PluginOptions } from '../options/index.ts'

/** The options of the plugin, as server, worker and command line share them. */
export type Config = PluginOptions<FastifyRequest>

/** What a config file exports by default: the options, or what answers them. */
export type ConfigSource = Config | Promise<Config> | (() => Config | Promise<Config>)

/** Gives a config file its types: `export default defineConfig({ orm, resources: { … } })`. */
export function defineConfig<Source extends ConfigSource> (source: Source): Source {
  return source
}
