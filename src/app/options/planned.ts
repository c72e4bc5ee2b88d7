import type { TSchema } from '@sinclair/typebox'
import { PluginOptionsSchema, ResourceOptionsSchema } from '../../../schemas/options.ts'
import { memberPath, type Mistakes } from '../../validation/option-errors.ts'
import type { ResolvedResourceOptions } from '../../engine/resource-options.ts'

/** Refuses options that have no effect yet: an application that sets one relies on it. */
export function refusePlanned (options: Record<string, unknown>, resources: readonly ResolvedResourceOptions[], mistakes: Mistakes): void {
  refuse(PluginOptionsSchema.properties, options, '', mistakes)
  for (const resource of resources) refuse(ResourceOptionsSchema.properties, { ...resource }, memberPath('resources', resource.name), mistakes)
}

function refuse (properties: Record<string, TSchema>, options: Record<string, unknown>, path: string, mistakes: Mistakes): void {
  for (const [name, schema] of Object.entries(properties)) {
    if (schema['x-planned'] !== true || options[name] === schema.default) continue
    mistakes.tell(memberPath(path, name), 'is planned, and has no effect in this version; leave it out')
  }
}
