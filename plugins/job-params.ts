import { Type } from '@sinclair/typebox'

/** Without a format: a malformed id is an unknown job (404), not a validation error. */
export const jobParams = Type.Object({
  jobId: Type.String({ description: 'The id of a job.', examples: ['0199aa00-7c1e-7000-8000-000000000001'] })
})
