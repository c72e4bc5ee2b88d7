import type { MikroORM } from '@mikro-orm/postgresql'
import type { User } from '../../../schemas/common.ts'
import type { Job } from '../../../schemas/job.ts'
import type { LifecycleHooks } from '../../engine/lifecycle-events.ts'
import type { Awaitable, AnyClass, ResourceOptions } from '../../engine/resource-options.ts'
import type { TaskDefinition, TaskHandler } from '../../engine/task.ts'

/** What `authorize` decides about: `view` of jobs, locks and options; `update` and `delete` of records; the rest of a job. */
export type ActionName = 'view' | 'update' | 'delete' | 'cancel' | 'retry' | 'undo'

/** What a caller is about to do. */
export interface Action {
  readonly action: ActionName
  /** The name of the resource; undefined for a task, a list of jobs, and a job that is unknown or hidden from the caller. */
  readonly resource?: string
  readonly job?: Job
}

/** What the application registers the plugin with. Times are in seconds. */
export interface PluginOptions<Request = unknown> {
  readonly orm: MikroORM
  readonly redis?: object | true | string
  readonly resources?: { readonly [name: string]: ResourceOptions<Request> }
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly tasks?: { readonly [name: string]: TaskHandler<any> | TaskDefinition<any> }
  readonly prefix?: string
  readonly databaseSchema?: string
  readonly schemaPrefix?: string
  readonly asyncEnabled?: boolean
  readonly conflictTtl?: number
  readonly progressTtl?: number
  readonly cleanupGracePeriod?: number
  readonly maxTaskDuration?: number
  readonly cleanupScheduleInterval?: number
  readonly worker?: { readonly mode?: 'in-process' | 'separate', readonly concurrency?: number }
  readonly manager?: AnyClass
  readonly hooks?: LifecycleHooks
  readonly authorize?: (request: Request, action: Action) => Awaitable<boolean>
  readonly user?: (request: Request) => Awaitable<User | null | undefined>
  readonly canSeeJob?: (request: Request, job: Job) => Awaitable<boolean>
  readonly maxQueuedJobsPerUser?: number
  readonly basePath?: string
  readonly dashboard?: boolean
  readonly migrate?: boolean
  readonly progressCompletionStatus?: 286 | 200
}
