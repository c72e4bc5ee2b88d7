import { Type, type Static, type TSchema } from '@sinclair/typebox'
import { closed, defaultSchemaPrefix, Nullable, OneOf } from './common.ts'

/** What became of a record of a job. */
export const rowOutcomes = ['succeeded', 'unchanged', 'missing', 'skipped', 'failed', 'unprocessed'] as const
export type RowOutcome = typeof rowOutcomes[number]

/** Why a record was not written: the closed list. */
export const rowCodes = [
  'missing', 'unique_violation', 'foreign_key_violation', 'check_violation', 'not_null_violation', 'exclusion_violation',
  'value_too_long', 'out_of_range', 'raised_by_trigger', 'rule_refused', 'stale_version', 'changed_since', 'locked',
  'lock_timeout', 'statement_timeout', 'serialization_failure', 'hook_failed'
] as const
export type RowCode = typeof rowCodes[number]

/** A key of any resource: integer, string (also UUID and bigint) or, for a composite key, an object with its parts. */
export const AnyRecordKey = Type.Union([
  Type.Integer(),
  Type.String(),
  Type.Record(Type.String(), Type.Union([Type.Integer(), Type.String()]))
], { description: 'The key of a record: a number, a string, or an object with each part of a composite key.' })
export type AnyRecordKey = number | string | { readonly [part: string]: number | string }

export function RowResultSchema (prefix: string = defaultSchemaPrefix, key: TSchema = AnyRecordKey) {
  return Type.Object({
    index: Type.Integer({ minimum: 0, description: 'The place of the record in the selection, from 0.' }),
    id: Type.Unsafe<AnyRecordKey>(key),
    outcome: OneOf(rowOutcomes, { description: 'What became of the record.' }),
    code: Type.Optional(OneOf(rowCodes, { description: 'Why it was not written, for programs.' })),
    message: Type.Optional(Type.String({ description: 'Why it was not written, for people.' })),
    field: Type.Optional(Type.String({ description: 'The field at fault, where it is known.' }))
  }, { ...closed, $id: `${prefix}RowResult`, title: `${prefix}RowResult`, description: 'What became of one record.' })
}
export type RowResult = Static<ReturnType<typeof RowResultSchema>>

/** A page of row results, in the order of their keys; `index` is the position in the selection. */
export function ResultPageSchema (prefix: string = defaultSchemaPrefix) {
  return Type.Object({
    items: Type.Array(Type.Unsafe<RowResult>({ $ref: `${prefix}RowResult#` }), { description: 'The row results of this page.' }),
    nextCursor: Nullable(Type.String(), { description: 'Give it as `cursor` to get the next page; null on the last.' })
  }, { ...closed, $id: `${prefix}ResultPage`, title: `${prefix}ResultPage`, description: 'A page of row results, in the order of their keys; `index` is the position of each in the selection.' })
}
export type ResultPage = Static<ReturnType<typeof ResultPageSchema>>
