import { Type } from '@sinclair/typebox'
import { idempotencyKeyLength } from './idempotency-key.ts'
import { retryAfter, type describeResponses, type Responses } from './responses.ts'

/**
 * Described only: they are read by `parsePrefer` and `parseIdempotencyKey`. They have no examples, which Swagger UI would fill
 * in: every request with the same key would be one job.
 */
export const launchHeaders = Type.Object({
  Prefer: Type.Optional(Type.String({
    description: '`respond-async`: always run in the background. `wait=N`: wait up to N seconds (at most 30) for a background job to end, and reply 200.'
  })),
  'Idempotency-Key': Type.Optional(Type.String({
    maxLength: idempotencyKeyLength + 2,
    description: 'A key chosen by the client: the same request with the same key creates no second job and returns the first.'
  }))
})

const headers = {
  Location: { type: 'string', description: 'The job.' },
  'Preference-Applied': { type: 'string', description: 'The preferences that were applied.' }
}

export function launchResponses ({ either, json, problems }: ReturnType<typeof describeResponses>): Responses {
  return {
    200: either(['Job', 'Preview'], 'Done: the job in a terminal status; with `dryRun`, the preview.', headers),
    202: json('Job', 'Accepted: the job is queued or waiting.', { ...headers, 'Retry-After': retryAfter('Seconds to wait before asking for progress.') }),
    ...problems(
      'validation_failed', 'unauthenticated', 'forbidden', 'preview_not_found', 'not_acceptable', 'unsupported_media_type',
      'records_locked', 'idempotency_in_flight', 'count_mismatch', 'stale_version', 'too_many_records', 'body_too_large',
      'reference_not_found', 'rule_refused', 'all_records_missing', 'idempotency_key_reused', 'too_many_jobs')
  }
}
