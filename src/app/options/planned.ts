import type { TSchema } from '@sinclair/typebox'
import { PluginOptionsSchema, ResourceOptionsSchema } from '../../../schemas/options.ts'
import { memberPath, type OptionErrors } from '../../validation/option-errors.ts'
import type { ResolvedResourceOptions } from '../../engine/resource-options.ts'

/** Refuses options that have no effect yet: an application that sets one relies on it. */
export function refusePlanned (options: Record<string, unknown>, resources: readonly ResolvedResourceOptions[], errors: OptionErrors): void {
  refuse(PluginOptionsSchema.properties, options, '', errors)
  for (const resource of resources) refuse(ResourceOptionsSchema.properties, { ...resource }, memberPath('resources', resource.name), errors)
}

function refuse (properties: Record<string, TSchema>, options: Record<string, unknown>, path: string, errors: OptionErrors): void {
  for (const [name, schema] of Object.entries(properties)) {
    if (schema['x-planned'] !== true || options[name] === schema.default) continue
    errors.add(memberPath(path, name), 'is planned, and has no effect in this version; leave it out')
  }
}
