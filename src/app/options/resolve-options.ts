import type { EntityMetadata } from '@mikro-orm/core'
import type { MikroORM } from '@mikro-orm/postgresql'
import { PluginOptionsSchema, reservedTaskNames, ResourceName, TaskName } from '../../../schemas/options.ts'
import { validationErrors } from '../../validation/validation-errors.ts'
import { frozenCopy, withDefaults } from './defaults.ts'
import { memberPath, OptionErrors } from '../../validation/option-errors.ts'
import { refusePlanned } from './planned.ts'
import type { PluginOptions } from './plugin-options.ts'
import { checkReferenceScopes } from './reference-scopes.ts'
import { resolveResource, type ResourceContext } from './resource-options.ts'
import type { ResolvedOptions } from './resolved-options.ts'
import type { ResolvedResourceOptions } from '../../engine/resource-options.ts'

const milliseconds = (seconds: unknown) => Math.round((seconds as number) * 1000)

function checkNames (options: PluginOptions, errors: OptionErrors): void {
  for (const name of Object.keys(options.resources ?? {})) {
    errors.addAll(validationErrors(ResourceName, name, { path: memberPath('resources', name) }))
  }
  for (const name of Object.keys(options.tasks ?? {})) {
    const path = memberPath('tasks', name)
    errors.addAll(validationErrors(TaskName, name, { path }))
    if ((reservedTaskNames as readonly string[]).includes(name)) errors.add(path, `${name} is an operation of our own; give the task another name`)
  }
}

/** A URL may contain a password, so it is not repeated. */
function checkRedis ({ redis }: PluginOptions, errors: OptionErrors): void {
  if (typeof redis !== 'string' || !redis.includes('://')) return
  errors.add('redis', 'is a URL; expected an ioredis client (new Redis(url)), true for app.redis, or the name of an @fastify/redis namespace')
}

/** Two resources under one path would answer for each other. */
function checkPaths (resources: readonly ResolvedResourceOptions[], basePath: string, errors: OptionErrors): void {
  const owners = new Map<string, string>()
  for (const { name, path } of resources) {
    const where = `${memberPath('resources', name)}.path`
    const owner = owners.get(path)
    if (owner !== undefined) errors.add(where, `${path} is the path of ${owner} already`)
    else if (path === basePath) errors.add(where, `${path} is the basePath, where the job routes are`)
    owners.set(path, name)
  }
}

/** "archived-cities" becomes "ArchivedCities". */
function pascalCase (name: string): string {
  return name.split(/[_-]+/).map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('')
}

/** Schemas are called by their entity; where resources share one, by the resource, so that no two have the same name. */
function schemaNames (options: PluginOptions): (name: string) => ResourceContext['schemaNameOf'] {
  const find = (entity: unknown) => options.orm.getMetadata().find(entity as never)
  const entities = Object.values(options.resources ?? {}).map(({ entity }) => find(entity))
  const shared = new Set(entities.filter((meta, index) => entities.indexOf(meta) !== index))
  return (name) => (meta: EntityMetadata) => shared.has(meta) ? pascalCase(name) : meta.className
}

function checkSchemaNames (resources: readonly ResolvedResourceOptions[], errors: OptionErrors): void {
  const owners = new Map<string, string>()
  for (const { name, shape: { schemaName } } of resources) {
    const owner = owners.get(schemaName)
    if (owner !== undefined) errors.add(memberPath('resources', name), `its schemas would be called ${schemaName}, like those of ${owner}; give one of them another name`)
    owners.set(schemaName, name)
  }
}

/**
 * Checks the options of the plugin, once, and fills in what was left out.
 * @throws invalid_options (or unmappable_property, where that is all there is), which lists every error: the option, what was given and what is allowed
 */
export function resolveOptions<Request = unknown> (input: PluginOptions<Request>): ResolvedOptions<Request> {
  const errors = new OptionErrors()
  errors.addAll(validationErrors(PluginOptionsSchema, input, { noun: 'option', join: memberPath }))
  throwIfAny(errors)
  const options = input as PluginOptions
  checkNames(options, errors)
  checkRedis(options, errors)

  const { conflictTtl, progressTtl, cleanupGracePeriod, maxTaskDuration, cleanupScheduleInterval, ...rest } =
    withDefaults(PluginOptionsSchema, { ...input }) as Record<string, unknown> & Required<PluginOptions>
  const schemaNameOf = schemaNames(options)
  const resources = Object.entries(options.resources ?? {}).map(([name, given]) => resolveResource(given, {
    orm: options.orm as MikroORM,
    name,
    schemaPrefix: rest.schemaPrefix,
    knowsUsers: options.user !== undefined,
    schemaNameOf: schemaNameOf(name)
  }, errors)).filter((resource) => resource !== undefined)
  checkPaths(resources, rest.basePath, errors)
  checkSchemaNames(resources, errors)
  checkReferenceScopes(resources, errors)
  refusePlanned(rest, resources, errors)
  throwIfAny(errors)

  return Object.freeze({
    ...frozenCopy({ ...rest, resources: undefined }),
    resources: Object.freeze(Object.fromEntries(resources.map((resource) => [resource.name, resource]))),
    conflictTtlMs: milliseconds(conflictTtl),
    progressTtlMs: milliseconds(progressTtl),
    cleanupGracePeriodMs: milliseconds(cleanupGracePeriod),
    maxTaskDurationMs: milliseconds(maxTaskDuration),
    cleanupScheduleIntervalMs: milliseconds(cleanupScheduleInterval)
  }) as unknown as ResolvedOptions<Request>
}

function throwIfAny (errors: OptionErrors): void {
  const error = errors.toError()
  if (error !== undefined) throw error
}
