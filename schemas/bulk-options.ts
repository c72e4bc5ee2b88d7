import { Type, type Static } from '@sinclair/typebox'
import { closed, defaultSchemaPrefix, Nullable, OneOf } from './common.ts'
import { filterOperators } from './entity/operators.ts'
import { AnyRecordKey } from './results.ts'

const JsonSchema = Type.Record(Type.String(), Type.Unknown(), { description: 'The JSON Schema of the values.' })

const Choice = Type.Object({
  value: Type.Union([AnyRecordKey, Type.Boolean()], { description: 'What to send.' }),
  label: Type.String({ description: 'What to show.' })
}, closed)

const Choices = Type.Object({
  items: Type.Array(Choice),
  nextCursor: Nullable(Type.String(), { description: 'For the next page; null on the last.' })
}, { ...closed, description: 'What may be chosen.' })
export type FieldChoices = Static<typeof Choices>

const fieldMembers = {
  name: Type.String(),
  label: Type.String({ description: 'What it is called for people.' }),
  kind: OneOf(['scalar', 'embedded', 'reference', 'collection'], { description: 'A value, an embedded object, a to-one reference, or a to-many collection.' }),
  type: Type.String({ description: 'What its values are: integer, text, instant, enum, …' }),
  nullable: Type.Boolean({ description: 'Whether it may be null.' }),
  schema: JsonSchema
}

const EditableField = Type.Object({
  ...fieldMembers,
  choices: Nullable(Choices, { description: 'What may be chosen, where that is a closed list or a reference.' })
}, { ...closed, description: 'A field that a bulk update may write.' })
export type EditableField = Static<typeof EditableField>

const FilterableField = Type.Object({
  ...fieldMembers,
  operators: Type.Array(OneOf(filterOperators), { description: 'The comparisons that it takes.' })
}, { ...closed, description: 'A field that a filter may ask for.' })
export type FilterableField = Static<typeof FilterableField>

/** What a page needs to build a form for bulk work on a resource. */
export function BulkOptionsSchema (prefix: string = defaultSchemaPrefix) {
  return Type.Object({
    fields: Type.Array(EditableField, { description: 'The fields that may be edited.' }),
    filterFields: Type.Array(FilterableField, { description: 'The fields that may be filtered on.' }),
    limits: Type.Object({
      bulkMaxSelectedRecords: Type.Integer({ description: 'The most records that an operation may have.' }),
      bulkMinAsyncRecords: Type.Integer({ description: 'Operations on at least this many records run in the background.' })
    }, { ...closed, description: 'The limits.' }),
    actions: Type.Record(Type.String(), Type.Boolean(), { description: 'What the caller may do.', examples: [{ update: true, delete: false }] })
  }, { ...closed, $id: `${prefix}BulkOptions`, title: `${prefix}BulkOptions`, description: 'What can be done with a resource, and within which limits.' })
}
export type BulkOptions = Static<ReturnType<typeof BulkOptionsSchema>>
