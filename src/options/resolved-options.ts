import type { EntityMetadata } from '@mikro-orm/core'
import type { FieldShape } from '../../schemas/entity/field.ts'
import type { ResourceSchemas, ResourceShape } from '../../schemas/resource.ts'
import type { PluginOptions, ResourceOptions } from './plugin-options.ts'

/** Members that stay undefined where the application says nothing. */
type Unset = 'redis' | 'manager' | 'hooks' | 'authorize' | 'user' | 'canSeeJob'
type InSeconds = 'conflictTtl' | 'progressTtl' | 'cleanupGracePeriod' | 'maxTaskDuration' | 'cleanupScheduleInterval'

/** The plugin's options: checked, with all defaults, times in milliseconds, frozen. */
export interface ResolvedOptions<Request = unknown> extends
  Required<Omit<PluginOptions<Request>, Unset | InSeconds | 'resources' | 'worker'>>,
  Pick<PluginOptions<Request>, Unset> {
  readonly conflictTtlMs: number
  readonly progressTtlMs: number
  readonly cleanupGracePeriodMs: number
  readonly maxTaskDurationMs: number
  readonly cleanupScheduleIntervalMs: number
  readonly worker: { readonly mode: 'in-process' | 'separate', readonly concurrency: number }
  /** By name, in the order they were given. */
  readonly resources: { readonly [name: string]: ResolvedResourceOptions<Request> }
}

type UnsetOfResource = 'scope' | 'validate' | 'persistence' | 'persistenceConfig' | 'manager'

/** The options of a resource: checked against its entity, with all defaults, frozen. */
export interface ResolvedResourceOptions<Request = unknown> extends
  Required<Omit<ResourceOptions<Request>, UnsetOfResource>>,
  Pick<ResourceOptions<Request>, UnsetOfResource> {
  readonly name: string
  readonly meta: EntityMetadata
  /** The fields behind `bulkFields`, by name. */
  readonly editable: ReadonlyMap<string, FieldShape>
  /** The fields behind `filterFields`, by name. */
  readonly filterable: ReadonlyMap<string, FieldShape>
  readonly shape: ResourceShape
  readonly schemas: ResourceSchemas
}
