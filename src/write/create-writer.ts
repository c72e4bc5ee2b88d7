import type { Engine, EngineResource } from '../engine.ts'
import type { JobRow } from '../jobs/job-row.ts'
import { setDeleteWriter, setUpdateWriter } from './set-writer.ts'
import type { Writer } from './writer.ts'

/** The writer of a bulk job. */
export function createWriter ({ tables }: Engine, resource: EngineResource, job: Pick<JobRow, 'operation' | 'spec'>): Writer {
  return job.operation === 'delete'
    ? setDeleteWriter(tables, resource)
    : setUpdateWriter(tables, resource, job.spec.set ?? {})
}
