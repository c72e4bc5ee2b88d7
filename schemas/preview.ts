import { Type, type Static } from '@sinclair/typebox'
import { closed, defaultSchemaPrefix, Instant, PreviewId } from './common.ts'
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
  entity: Type.String({ description: 'The entity of the dependent records.', examples: ['Comment'] }),
  effect: Type.Unsafe<'delete' | 'set_null'>({ type: 'string', enum: ['delete', 'set_null'], description: 'What would happen to them.' }),
  count: Type.Integer({ minimum: 0, description: 'How many there are.' })
}, { ...closed, description: 'Records of other entities that would be touched.' })
export type Cascade = Static<typeof Cascade>

/** What a dry run answers. */
export function PreviewSchema (prefix: string = defaultSchemaPrefix) {
  return Type.Object({
    previewId: PreviewId,
    count: Type.Integer({ minimum: 0, description: 'How many records the operation would have.' }),
    sample: Type.Array(SampledRecord, { description: 'Some of them, before and after.' }),
    failures: Type.Array(Type.Unsafe<RowResult>({ $ref: `${prefix}RowResult#` }), { description: 'Records that could not be written as things are.' }),
    conflicts: Type.Array(Conflict, { maxItems: listedConflictsLimit, description: `Records that other jobs have locked, at most ${listedConflictsLimit} of them.` }),
    cascades: Type.Array(Cascade, { description: 'What a delete would do to records that depend on these.' }),
    expiresAt: Instant
  }, { ...closed, $id: `${prefix}Preview`, title: `${prefix}Preview`, description: 'What an operation would do. Launch it with `{ previewId }`: exactly these records are taken.' })
}
export type Preview = Static<ReturnType<typeof PreviewSchema>>
