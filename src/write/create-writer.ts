import type { Engine, EngineResource } from '../engine.ts'
import type { JobRow } from '../jobs/job-row.ts'
import { guardCascades } from './cascades.ts'
import { entityDeleteWriter, entityUpdateWriter } from './entity-writer.ts'
import { setDeleteWriter, setUpdateWriter } from './set-writer.ts'
import type { Writer } from './writer.ts'

/** A job, or what is tried out before there is one: then it has no id, and keeps nothing. */
export type WriterJob = Pick<JobRow, 'operation' | 'spec'> & Partial<Pick<JobRow, 'id' | 'created_by_id' | 'created_by_label' | 'reason' | 'undo_of'>>

/** The writer of a bulk job. */
export function createWriter (engine: Engine, resource: EngineResource, job: WriterJob): Writer {
  const { tables } = engine
  const set = job.spec.set ?? {}
  if (job.operation === 'delete') {
    const writer = resource.writing.delete.way === 'entity' ? entityDeleteWriter(tables, resource) : setDeleteWriter(tables, resource)
    return guardCascades(engine, resource, writer)
  }
  return resource.writing.update.way === 'entity' ? entityUpdateWriter(tables, resource, { set, user: userOf(job) }) : setUpdateWriter(tables, resource, set)
}

function userOf ({ created_by_id: id, created_by_label: label }: WriterJob): { id: string, label: string } | null {
  return id === undefined || id === null ? null : { id, label: label ?? id }
}
