import type { EntityKey, EntityMetadata, FilterQuery } from '@mikro-orm/core'
import type { TSchema } from '@sinclair/typebox'
import type { FieldShape } from '../../schemas/entity/field.ts'
import type { ResourceSchemas, ResourceShape } from '../../schemas/resource.ts'
import type { PersistenceClass } from './persistence.ts'
import type { BulkEntity } from '../entities/resource.ts'

export type Awaitable<T> = T | Promise<T>

/** A MikroORM condition on an entity of any shape. */
export type Condition = object

/** Names and conditions of an entity; of any shape where it is unknown. */
type PropertyName<Entity> = unknown extends Entity ? string : EntityKey<Entity>
type ConditionOn<Entity> = unknown extends Entity ? Condition : FilterQuery<Entity>

/** What may be chosen for a reference. */
export interface ReferenceChoices<Request, Entity = unknown> {
  /** The property of the referenced entity that names a record for people. */
  readonly label?: PropertyName<Entity>
  /** The properties that are searched; that of the label by default. */
  readonly search?: readonly PropertyName<Entity>[]
  readonly where?: ConditionOn<Entity> | ((request: Request) => Awaitable<ConditionOn<Entity> | undefined>)
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
