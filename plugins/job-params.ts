import { Type } from '@sinclair/typebox'

/**
 * Without a format: a malformed id is an unknown job (404), not a validation error. Without an example, which Swagger UI would
 * fill in: it is the id of no job.
 */
export const jobParams = Type.Object({
  jobId: Type.String({ description: 'The id of a job.' })
})
