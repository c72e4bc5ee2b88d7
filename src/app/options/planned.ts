import type { TSchema } from '@sinclair/typebox'
import { PluginOptionsSchema, ResourceOptionsSchema } from '../../../schemas/options.ts'
import type { Log } from '../../log.ts'
import { memberPath } from '../../validation/option-errors.ts'
import type { ResolvedOptions } from './resolved-options.ts'

/** Says so, once at start, where the application has set an option that has no effect yet: silence would promise it. */
export function warnOfPlanned<Request> (options: ResolvedOptions<Request>, log: Log): void {
  for (const option of plannedOptions(options)) log.warn({ option }, `the option ${option} has no effect yet`)
}

function plannedOptions<Request> (options: ResolvedOptions<Request>): string[] {
  return [
    ...plannedOf(PluginOptionsSchema.properties, { ...options }, ''),
    ...Object.values(options.resources).flatMap((resource) =>
      plannedOf(ResourceOptionsSchema.properties, { ...resource }, memberPath('resources', resource.name)))
  ]
}

function plannedOf (properties: Record<string, TSchema>, options: Record<string, unknown>, path: string): string[] {
  return Object.entries(properties)
    .filter(([name, schema]) => schema['x-planned'] === true && options[name] !== schema.default)
    .map(([name]) => memberPath(path, name))
}
