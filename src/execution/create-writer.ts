import type { Engine, EngineResource } from '../engine/engine.ts'
import { engineError } from '../errors.ts'
import type { JobRow } from '../engine/job-row.ts'
import { withDeleteImages, withUpdateImages } from './undo/with-images.ts'
import { undoDeleteWriter, undoUpdateWriter } from './undo/undo-writer.ts'
import { guardCascades } from './writers/cascades.ts'
import { entityDeleteWriter, entityUpdateWriter } from './writers/entity-writer.ts'
import { persistenceWriter } from './writers/persistence-writer.ts'
import { setDeleteWriter, setUpdateWriter } from './writers/set-writer.ts'
import { guardVersions } from './writers/check-versions.ts'
import type { Writer } from '../engine/writer.ts'

/** A job, or a preview of one, which has no id and stores no images. */
export type WriterJob = Pick<JobRow, 'operation' | 'spec'> & Partial<Pick<JobRow, 'id' | 'on_error' | 'created_by_id' | 'created_by_label' | 'reason' | 'undo_of'>>

/** The parts of the engine that writers use. */
export type WriterEngine = Pick<Engine, 'database' | 'orm' | 'tables' | 'entityTables' | 'resources'>

/** The writer of a bulk job. Records that have changed since they were read are not written. */
export function createWriter (engine: WriterEngine, resource: EngineResource, job: WriterJob): Writer {
  const whereStale = job.on_error === undefined || job.on_error === 'continue' ? 'skipped' : 'failed'
  return guardVersions(engine.tables, resource, writerOf(engine, resource, job), whereStale)
}

/** An operation without a writer must not pass for an update that changes nothing. */
function writerOf (engine: WriterEngine, resource: EngineResource, job: WriterJob): Writer {
  switch (job.operation) {
    case 'update': return updateWriter(engine, resource, job)
    case 'delete': return deleteWriter(engine, resource, job)
    case 'undo': return undoWriter(engine, resource, job)
  }
  throw engineError('unknown_operation', `no writer knows the operation ${job.operation}`)
}

function updateWriter (engine: WriterEngine, resource: EngineResource, job: WriterJob): Writer {
  const { spec: { set = {}, keepsImages } } = job
  const writer = plainUpdateWriter(engine, resource, job, set)
  return keepsImages && job.id !== undefined ? withUpdateImages(engine, resource, writer, { jobId: job.id, set }) : writer
}

function plainUpdateWriter ({ tables }: Pick<Engine, 'tables'>, resource: EngineResource, job: WriterJob, set: Record<string, unknown>): Writer {
  switch (resource.writing.update.way) {
    case 'persistence': return persistenceWriter(tables, resource, { mode: 'update', set, ...askedBy(job) })
    case 'entity': return entityUpdateWriter(tables, resource, { set, user: userOf(job) })
    case 'set': return setUpdateWriter(tables, resource, set)
  }
}

/** Whichever way records are deleted, those that the delete cascades to are locked. */
function deleteWriter (engine: WriterEngine, resource: EngineResource, job: WriterJob): Writer {
  const writer = guardCascades(engine, resource, plainDeleteWriter(engine, resource, job))
  return job.spec.keepsImages && job.id !== undefined ? withDeleteImages(engine, resource, writer, job.id) : writer
}

function plainDeleteWriter ({ tables }: Pick<Engine, 'tables'>, resource: EngineResource, job: WriterJob): Writer {
  switch (resource.writing.delete.way) {
    case 'persistence': return persistenceWriter(tables, resource, { mode: 'delete', set: {}, ...askedBy(job) })
    case 'entity': return entityDeleteWriter(tables, resource)
    case 'set': return setDeleteWriter(tables, resource)
  }
}

function undoWriter (engine: WriterEngine, resource: EngineResource, job: WriterJob): Writer {
  const { spec: { set = {}, undoes }, undo_of: jobId } = job
  const undone = { jobId: jobId!, set, user: userOf(job) }
  return undoes === 'delete' ? undoDeleteWriter(engine, resource, undone) : undoUpdateWriter(engine, resource, undone)
}

function askedBy (job: WriterJob) {
  return { user: userOf(job), job: job.id === undefined ? null : { id: job.id, reason: job.reason ?? null } }
}

function userOf ({ created_by_id: id, created_by_label: label }: WriterJob): { id: string, label: string } | null {
  return id === undefined || id === null ? null : { id, label: label ?? id }
}
