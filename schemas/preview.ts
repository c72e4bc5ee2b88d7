import { Type, type Static } from '@sinclair/typebox'
import { closed, defaultSchemaPrefix, Instant, OneOf, PreviewId } from './common.ts'
import { Conflict, listedConflictsLimit } from './problem.ts'
import { AnyRecordKey, type RowResult } from './results.ts'

/** Fields of a record, by name, as they come over the wire. */
const Fields = (description: string) => Type.Record(Type.String(), Type.Unknown(), { description })

const SampledRecord = Type.Object({
  id: AnyRecordKey,
  before: Fields('The fields in question as they are.'),
  after: Type.Union([Fields('The fields in question as they would be.'), Type.Null()], { description: 'Null where the record would be gone.' })
}, { ...closed, description: 'A record before and after.' })

const Cascade = Type.Object({
  table: Type.String({ description: 'The table of the records that refer to these.', examples: ['comment'] }),
  columns: Type.Array(Type.String(), { description: 'The columns that they refer by.', examples: [['city_id']] }),
  refersTo: Type.Optional(Type.String({
    description: 'The table that they refer to, where that is not the records\' own: what goes there goes because it refers to these, or to what goes with them.',
    examples: ['post']
  })),
  effect: OneOf(['cascade', 'block', 'set_null', 'set_default'], {
    description: '`cascade`: they would be deleted too. `block`: the delete would be refused. `set_null`, `set_default`: they would lose the reference.'
  }),
  count: Type.Integer({ minimum: 0, description: 'How many there are, for the records that were looked at (`cascadesCheckedCount`); those that are deleted themselves do not count.' })
}, { ...closed, description: 'Records of other tables that a delete would touch, or that would be in its way.' })
export type Cascade = Static<typeof Cascade>

/** What a dry run answers. */
export function PreviewSchema (prefix: string = defaultSchemaPrefix) {
  return Type.Object({
    previewId: PreviewId,
    count: Type.Integer({ minimum: 0, description: 'How many records the operation would have.' }),
    sample: Type.Array(SampledRecord, { description: 'Some of them, before and after.' }),
    failures: Type.Array(Type.Unsafe<RowResult>({ $ref: `${prefix}RowResult#` }), { description: 'Records that could not be written as things are, at most 100 of them.' }),
    checkedCount: Type.Integer({ minimum: 0, description: 'How many records were tried in the time that a preview takes; where it is less than `count`, there may be more failures.' }),
    conflicts: Type.Array(Conflict, { maxItems: listedConflictsLimit, description: `Records that other jobs have locked, at most ${listedConflictsLimit} of them.` }),
    conflictCount: Type.Integer({ minimum: 0, description: 'How many records other jobs have locked.' }),
    cascades: Type.Array(Cascade, { description: 'What a delete would do to records that depend on these, directly or through others that would go with them.' }),
    cascadesCheckedCount: Type.Optional(Type.Integer({ minimum: 0, description: 'For how many of the records `cascades` was counted in the time that a preview takes; only for a delete.' })),
    expiresAt: Instant
  }, { ...closed, $id: `${prefix}Preview`, title: `${prefix}Preview`, description: 'What an operation would do. Launch it with `{ previewId }`: exactly these records are taken.' })
}
export type PreviewSample = Static<typeof SampledRecord>
export type Preview = Static<ReturnType<typeof PreviewSchema>>
