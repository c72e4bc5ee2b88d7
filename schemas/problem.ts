import { Type, type Static } from '@sinclair/typebox'
import { closed, defaultSchemaPrefix, Instant, JobId, OneOf } from './common.ts'
import { AnyRecordKey, rowCodes } from './results.ts'

/** What our routes refuse with, beside the row codes (which are the code of a 422 where one record was the reason). */
export const routeCodes = [
  'validation_failed', 'unauthenticated', 'forbidden', 'job_not_found', 'preview_not_found', 'not_acceptable', 'unsupported_media_type',
  'records_locked', 'wrong_state', 'idempotency_in_flight', 'count_mismatch', 'stale_version', 'too_many_records', 'body_too_large',
  'reference_not_found', 'rule_refused', 'all_records_missing', 'idempotency_key_reused', 'too_many_jobs', 'unavailable', 'internal',
  'busy', 'refused', 'rate_limited'
] as const

/** Every code that a problem of ours may carry. */
export const problemCodes = [...new Set([...routeCodes, ...rowCodes])] as const
export type ProblemCode = typeof problemCodes[number]

export const ProblemItem = Type.Object({
  path: Type.String({ description: 'Where it is wrong, as a JSON pointer.', examples: ['/set/status'] }),
  message: Type.String({ description: 'What is wrong, and what is allowed.' })
}, { ...closed, description: 'One error.' })
export type ProblemItem = Static<typeof ProblemItem>

export const Conflict = Type.Object({
  id: AnyRecordKey,
  jobId: JobId,
  operation: Type.String({ description: 'What that job does.' }),
  since: Instant
}, { ...closed, description: 'A record that another job has locked.' })
export type Conflict = Static<typeof Conflict>

/** At most this many conflicts are listed; `conflictCount` counts all. */
export const listedConflictsLimit = 100

export function ProblemSchema (prefix: string = defaultSchemaPrefix) {
  return Type.Object({
    type: Type.String({ format: 'uri-reference', description: 'The kind of problem, as a URI.', examples: ['urn:problem-type:powercrud:validation_failed'] }),
    title: Type.String({ description: 'The kind of problem, for people.' }),
    status: Type.Integer({ minimum: 400, maximum: 599, description: 'The HTTP status.' }),
    detail: Type.String({ description: 'What went wrong this time, for people.' }),
    code: OneOf(problemCodes, { description: 'The kind of problem, for programs.' }),
    errors: Type.Optional(Type.Array(ProblemItem, { description: 'Each error, where there are several.' })),
    conflicts: Type.Optional(Type.Array(Conflict, {
      maxItems: listedConflictsLimit, description: `The records that other jobs have locked, at most ${listedConflictsLimit} of them.`
    })),
    conflictCount: Type.Optional(Type.Integer({ minimum: 1, description: 'How many records other jobs have locked.' })),
    count: Type.Optional(Type.Integer({ minimum: 0, description: 'How many records the selection really has (`count_mismatch`).' })),
    jobId: Type.Optional(JobId)
  }, { ...closed, $id: `${prefix}Problem`, title: `${prefix}Problem`, description: 'A refusal or failure, as of RFC 9457.' })
}
export type Problem = Static<ReturnType<typeof ProblemSchema>>
