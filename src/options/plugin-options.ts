import type { MikroORM } from '@mikro-orm/postgresql'
import type { TSchema } from '@sinclair/typebox'
import type { User } from '../../schemas/common.ts'
import type { LifecycleHooks } from '../lifecycle/event.ts'
import type { Job } from '../../schemas/job.ts'
import type { PersistenceClass } from '../write/persistence.ts'
import type { BulkEntity } from '../resources/resource.ts'
import type { TaskDefinition, TaskHandler } from '../tasks/task.ts'

type Awaitable<T> = T | Promise<T>

/** A MikroORM condition on an entity of any shape. */
export type Condition = object

/** What somebody is about to do. */
export interface Action {
  readonly action: string
  readonly resource?: string
  readonly job?: Job
}

/** What may be chosen for a reference. */
export interface ReferenceChoices<Request> {
  /** The property of the referenced entity that names a record for people. */
  readonly label?: string
  /** The properties that a search looks into; the label's when left out. */
  readonly search?: readonly string[]
  readonly where?: Condition | ((request: Request) => Awaitable<Condition | undefined>)
}

export type Choices<Request> = readonly (string | number | boolean)[] | ReferenceChoices<Request>

// A class or handler of the application, whatever it is made with; the engine knows what it calls.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type AnyClass = abstract new (...args: any[]) => object
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type RecordCheck = (record: any, context: any) => unknown

/** What the application says of a resource. `schemas/options.ts` has defaults, bounds and descriptions. */
export interface ResourceOptions<Request = unknown> {
  readonly entity: BulkEntity
  readonly path: string
  readonly bulkFields?: readonly string[]
  readonly filterFields?: readonly string[]
  readonly bulkDelete?: boolean
  readonly bulkAsync?: boolean
  readonly bulkMinAsyncRecords?: number
  readonly bulkAsyncConflictChecking?: boolean
  readonly bulkAsyncAllowAnonymous?: boolean
  readonly bulkMaxSelectedRecords?: number
  readonly bulkFullClean?: boolean
  readonly fieldLabels?: { readonly [field: string]: string }
  readonly fieldSchemas?: { readonly [field: string]: TSchema }
  readonly choices?: { readonly [field: string]: Choices<Request> }
  readonly scope?: (request: Request) => Awaitable<Condition | undefined>
  readonly constraintMessages?: { readonly [constraint: string]: string }
  readonly validate?: RecordCheck | TSchema
  readonly persistence?: PersistenceClass<never>
  readonly persistenceConfig?: object
  readonly write?: 'auto' | 'set' | 'entity'
  readonly throttle?: number | null
  readonly undo?: boolean
  readonly manager?: AnyClass
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
  readonly authorize?: (request: Request, action: Action) => unknown
  readonly user?: (request: Request) => Awaitable<User | null | undefined>
  readonly canSeeJob?: (request: Request, job: Job) => Awaitable<boolean>
  readonly maxQueuedJobsPerUser?: number
  readonly basePath?: string
  readonly dashboard?: boolean
  readonly migrate?: boolean
  readonly progressCompletionStatus?: 286 | 200
}
