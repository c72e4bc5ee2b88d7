import { Type } from '@sinclair/typebox'

/** Without a format: an id that is none of ours is unknown (404), not invalid. */
export const jobParams = Type.Object({
  jobId: Type.String({ description: 'The id of a job.', examples: ['0199aa00-7c1e-7000-8000-000000000001'] })
})
