import type { TSchema } from '@sinclair/typebox'
import { BulkOptionsSchema } from './bulk-options.ts'
import { defaultSchemaPrefix } from './common.ts'
import { JobPageSchema, JobSchema } from './job.ts'
import { LocksSchema } from './locks.ts'
import { PreviewSchema } from './preview.ts'
import { ProblemSchema } from './problem.ts'
import { ResultPageSchema, RowResultSchema } from './results.ts'

/** The named schemas that do not depend on a resource: to be added to the scope of the routes. */
export function sharedComponents (prefix: string = defaultSchemaPrefix): TSchema[] {
  return [
    JobSchema(prefix), JobPageSchema(prefix), ProblemSchema(prefix), RowResultSchema(prefix), ResultPageSchema(prefix),
    PreviewSchema(prefix), LocksSchema(prefix), BulkOptionsSchema(prefix)
  ]
}
