import type { EntityKey, EntityName, FilterObject, FilterQuery, InferEntity } from '@mikro-orm/core'
import type { TSchema } from '@sinclair/typebox'
import type { FastifyRequest } from 'fastify'
import type { PersistenceClass } from '../../engine/persistence.ts'
import type { Awaitable, ReferenceChoices, ResourceOptions } from '../../engine/resource-options.ts'
import type { RuleContext, Verdict } from '../../engine/rule.ts'

type Plain = string | number | boolean

/** What may be chosen for a property: values, or records of the entity that a reference or collection leads to. */
type ChoicesOf<Value> = [Value] extends [Plain]
  ? readonly Value[]
  : readonly Plain[] | ReferenceChoices<FastifyRequest, Value extends { unwrap (): infer Entity } | { [Symbol.iterator] (): Iterator<infer Entity> } ? Entity : Value>

/** A MikroORM condition, also where its lists are constant. */
type ConditionOn<Entity> = FilterQuery<Entity> | FilterObject<Entity> & {
  readonly $and?: readonly ConditionOn<Entity>[]
  readonly $or?: readonly ConditionOn<Entity>[]
  readonly $not?: ConditionOn<Entity>
}

/** The names in a condition that are no property of the entity: TypeScript does not look for them in what a function returns. */
type UnknownNames<Entity, Condition> = Condition extends Plain | bigint | Date | readonly unknown[] | undefined
  ? never
  : Exclude<keyof Condition, EntityKey<Entity> | `$${string}` | symbol>

type WithoutUnknownNames<Entity, Condition> = [UnknownNames<Entity, Condition>] extends [never]
  ? unknown
  : { readonly 'no property of the entity': UnknownNames<Entity, Condition> }

type Typed = 'entity' | 'bulkFields' | 'filterFields' | 'fieldLabels' | 'fieldSchemas' | 'choices' | 'scope' | 'validate' | 'persistence' | 'persistenceConfig'

/** Options of a resource whose names and values are those of its entity. */
export interface ResourceDefinition<Entity, BulkField extends string, FilterField extends string, Config> extends Omit<ResourceOptions<FastifyRequest>, Typed> {
  readonly bulkFields?: readonly BulkField[]
  readonly filterFields?: readonly FilterField[]
  readonly fieldLabels?: { readonly [Field in NoInfer<BulkField | FilterField>]?: string }
  readonly fieldSchemas?: { readonly [Field in NoInfer<BulkField | FilterField>]?: TSchema }
  readonly choices?: { readonly [Field in NoInfer<BulkField | FilterField> & keyof Entity]?: ChoicesOf<NonNullable<Entity[Field]>> }
  readonly validate?: TSchema | ((record: Entity, context: RuleContext) => Awaitable<Verdict<Entity>>)
  readonly persistence?: PersistenceClass<Config>
}

type ConfigOf<Config> = undefined extends Config ? { readonly persistenceConfig?: Config } : { readonly persistenceConfig: Config }

/** Gives the options of a resource the types of its entity: `defineResource({ entity: City, path: '/cities', bulkFields: ['status'] })`. */
export function defineResource<
  const Name extends EntityName,
  const BulkField extends EntityKey<InferEntity<Name>> = never,
  const FilterField extends EntityKey<InferEntity<Name>> = never,
  const Answer extends Awaitable<ConditionOn<InferEntity<NoInfer<Name>>> | undefined> = undefined,
  Config extends object | undefined = undefined
> (options: ResourceDefinition<InferEntity<NoInfer<Name>>, BulkField, FilterField, Config> & ConfigOf<NoInfer<Config>> & {
  readonly entity: Name
  readonly scope?: ((request: FastifyRequest) => Answer) & WithoutUnknownNames<InferEntity<NoInfer<Name>>, Awaited<NoInfer<Answer>>>
}): ResourceOptions<FastifyRequest> {
  return options as unknown as ResourceOptions<FastifyRequest>
}
