import type { Engine, EngineResource } from '../engine.ts'
import { engineError } from '../errors.ts'
import type { JobRow } from '../jobs/job-row.ts'
import { guardCascades } from './cascades.ts'
import { entityDeleteWriter, entityUpdateWriter } from './entity-writer.ts'
import { persistenceWriter } from './persistence-writer.ts'
import { setDeleteWriter, setUpdateWriter } from './set-writer.ts'
import { guardVersions } from './versions.ts'
import type { Writer } from './writer.ts'

/** A job, or what is tried out before there is one: then it has no id, and keeps nothing. */
export type WriterJob = Pick<JobRow, 'operation' | 'spec'> & Partial<Pick<JobRow, 'id' | 'on_error' | 'created_by_id' | 'created_by_label' | 'reason' | 'undo_of'>>

/**
 * The writer of a bulk job. A delete looks after the records that go with its own, whoever writes it; and records that
 * have changed since they were read are nobody's to write.
 */
export function createWriter (engine: Engine, resource: EngineResource, job: WriterJob): Writer {
  const mode = modeOf(job)
  const writer = writerOf(engine, resource, job, mode)
  const guarded = mode === 'delete' ? guardCascades(engine, resource, writer) : writer
  return guardVersions(engine.tables, resource, guarded, job.on_error === undefined || job.on_error === 'continue' ? 'skipped' : 'failed')
}

function writerOf ({ tables }: Engine, resource: EngineResource, job: WriterJob, mode: 'update' | 'delete'): Writer {
  const set = job.spec.set ?? {}
  switch (resource.writing[mode].way) {
    case 'persistence': return persistenceWriter(tables, resource, { mode, set, user: userOf(job), job: job.id === undefined ? null : { id: job.id, reason: job.reason ?? null } })
    case 'entity': return mode === 'delete' ? entityDeleteWriter(tables, resource) : entityUpdateWriter(tables, resource, { set, user: userOf(job) })
    case 'set': return mode === 'delete' ? setDeleteWriter(tables, resource) : setUpdateWriter(tables, resource, set)
  }
}

/** An operation that nobody writes must not pass for an update that changes nothing. */
function modeOf ({ operation }: WriterJob): 'update' | 'delete' {
  if (operation === 'update' || operation === 'delete') return operation
  throw engineError('unknown_operation', `no writer knows the operation ${operation}`)
}

function userOf ({ created_by_id: id, created_by_label: label }: WriterJob): { id: string, label: string } | null {
  return id === undefined || id === null ? null : { id, label: label ?? id }
}
