import type { EntityMetadata } from '@mikro-orm/core'
import { Type, type TSchema, type TUnsafe } from '@sinclair/typebox'
import { ChangeSetSchema, type ChangeSet } from './change-set.ts'
import { closed, OneOf } from './common.ts'
import type { FieldShape } from './entity/field.ts'
import type { KeyShape } from './entity/key.ts'
import { Text } from './entity/text.ts'
import { FilterSchema } from './filter.ts'
import { onConflictModes, onErrorModes, type OnConflict, type OnError } from './job.ts'
import type { AnyRecordKey } from './results.ts'
import { SelectionSchema, type Selection } from './selection.ts'

/** What the schemas of a resource are made of. */
export interface ResourceShape {
  /** The name of the resource, as in a job's `resource`. */
  readonly name: string
  /** What its schemas are called: the entity's class name, unless two resources share the entity. */
  readonly schemaName: string
  readonly meta: EntityMetadata
  readonly key: KeyShape
  /** The fields that a bulk update may write. */
  readonly bulkFields: readonly FieldShape[]
  /** The fields that a filter may ask for. */
  readonly filterFields: readonly FieldShape[]
  /** The version property, where the entity has one. */
  readonly version?: FieldShape
}

/** The body of a bulk delete. */
export interface BulkDelete {
  readonly selection: Selection
  readonly onError?: OnError
  readonly onConflict?: OnConflict
  readonly reason?: string
  readonly dryRun?: boolean
}

/** The body of a bulk update. */
export interface BulkUpdate extends BulkDelete {
  readonly set: ChangeSet
}

export interface LocksQuery { readonly ids: readonly AnyRecordKey[] }

export interface ResourceSchemas {
  readonly filter?: TSchema
  readonly selection: TSchema
  readonly changeSet?: TSchema
  /** Undefined where the resource has no bulk fields. */
  readonly bulkUpdateBody?: TUnsafe<BulkUpdate>
  readonly bulkDeleteBody: TUnsafe<BulkDelete>
  readonly locksQueryBody: TUnsafe<LocksQuery>
  /** Undefined for composite keys, which a query string cannot carry. */
  readonly locksQuerystring?: TUnsafe<LocksQuery>
  /** All schemas that have an `$id`: to be added to the scope of the routes, and to its Ajv. */
  readonly components: readonly TSchema[]
}

const reasonLimit = 1000
/** Keys whose locks are looked up at once: what an address has room for, and what one statement does in no time. */
const locksOfQuery = 1000
const locksOfBody = 10_000

const launchMembers = {
  onError: Type.Optional(OneOf(onErrorModes, {
    description: 'When a record fails: undo everything (`rollback`, the default), stop and keep what is committed (`stop`), or do the rest (`continue`).'
  })),
  onConflict: Type.Optional(OneOf(onConflictModes, {
    description: 'When another job has locked records: refuse (`fail`, the default), leave them out (`skip`), or wait for them (`wait`).'
  })),
  reason: Type.Optional(Text({ maxLength: reasonLimit, description: 'Why, in your own words. It stays with the job.', examples: ['Spring cleaning'] })),
  dryRun: Type.Optional(Type.Boolean({ description: 'True: answer a preview of what would change, and change nothing.' }))
}

/** A value of the field to show in Swagger UI, from its schema. */
function exampleOf ({ value, nullable, kind }: FieldShape): unknown {
  const example = value.examples?.[0] ?? value.enum?.[0] ?? ({ string: 'text', integer: 1, number: 1, boolean: true } as Record<string, unknown>)[value.type]
  if (kind === 'collection') return { add: [example ?? 1] }
  return example ?? (nullable ? null : {})
}

function exampleKeys (key: KeyShape): unknown[] {
  const part = (schema: TSchema) => schema.examples?.[0] ?? (schema.type === 'integer' ? 1 : 'key')
  if (!key.composite) return key.schema.type === 'integer' ? [1, 2, 3] : [part(key.schema)]
  return [Object.fromEntries(key.parts.map(({ name, schema }) => [name, part(schema)]))]
}

/** The schemas of a resource's routes, derived from its entity. */
export function buildResourceSchemas (shape: ResourceShape, { schemaPrefix }: { schemaPrefix: string }): ResourceSchemas {
  const named = (operation: string) => `${schemaPrefix}${shape.schemaName}${operation}`
  const ids = exampleKeys(shape.key)
  const filter = shape.filterFields.length > 0 ? FilterSchema(shape.filterFields, named('Filter')) : undefined
  const selection = SelectionSchema({ id: named('Selection'), key: shape.key.schema, version: shape.version?.value, filterId: filter?.$id })
  const selectionRef = Type.Unsafe<Selection>({ $ref: `${named('Selection')}#` })

  const changeSet = shape.bulkFields.length > 0 ? ChangeSetSchema(shape.bulkFields, named('Changes')) : undefined
  const [firstField] = shape.bulkFields
  const bulkUpdateBody = firstField && Type.Unsafe<BulkUpdate>(Type.Object(
    { selection: selectionRef, set: Type.Unsafe<ChangeSet>({ $ref: `${named('Changes')}#` }), ...launchMembers },
    {
      ...closed,
      $id: named('BulkUpdate'),
      title: named('BulkUpdate'),
      description: `Writes the same values to many records of ${shape.name}.`,
      examples: [{ selection: { ids }, set: { [firstField.name]: exampleOf(firstField) } }]
    }))
  const bulkDeleteBody = Type.Unsafe<BulkDelete>(Type.Object(
    { selection: selectionRef, ...launchMembers },
    {
      ...closed,
      $id: named('BulkDelete'),
      title: named('BulkDelete'),
      description: `Deletes many records of ${shape.name}. By filter, or of all, only with \`expectedCount\` or the \`previewId\` of a dry run.`,
      examples: [{ selection: { ids } }]
    }))
  const locksQueryBody = Type.Unsafe<LocksQuery>(Type.Object(
    { ids: Type.Array(shape.key.schema, { minItems: 1, maxItems: locksOfBody, description: 'Keys of records.' }) },
    { ...closed, $id: named('LocksQuery'), title: named('LocksQuery'), description: 'Which of these records are locked?', examples: [{ ids }] }))
  const locksQuerystring = shape.key.composite
    ? undefined
    : Type.Unsafe<LocksQuery>(Type.Object({ ids: Type.Array(shape.key.schema, { minItems: 1, maxItems: locksOfQuery, description: 'Keys of records: `ids=1,2`, or `ids=1&ids=2`.' }) }, closed))

  const components = [filter, selection, changeSet, bulkUpdateBody, bulkDeleteBody, locksQueryBody].filter((schema) => schema !== undefined)
  return { filter, selection, changeSet, bulkUpdateBody, bulkDeleteBody, locksQueryBody, locksQuerystring, components }
}
