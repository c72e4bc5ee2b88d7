import type { PluginOptions } from './plugin-options.ts'
import type { ResolvedResourceOptions } from '../../engine/resource-options.ts'

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
