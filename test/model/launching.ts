import { deepEqual } from 'node:assert/strict'
import type { OnConflict, OnError } from '../../schemas/job.ts'
import type { Filter } from './filter.ts'
import { canBeUndone, isLiving, nothing, recordsOf, sizeOf, type Model, type ModelJob, type ModelOrder, type ModelPreview } from './model.ts'
import { perform, tried } from './performing.ts'
import { copyOf, type ChangeSet, type Records } from './records.ts'
import { chunkOf, freeze, splitLocked, splitMissing, type Chunk, type ModelSelection, type Outcome } from './selection.ts'

/** What is to be done, and to which records. */
export interface ModelLaunch extends ModelOrder {
  selection: ModelSelection | { previewOf: number } | { retryOf: number }
  scope?: Filter | undefined
  onError: OnError
  onConflict: OnConflict
  /** How many records a chunk has at most where the launch is made. */
  chunkSize: number
}

/** A launch that makes no job. */
export interface Refused {
  code: string
  count?: number
  /** The records that others have, by id. */
  locked?: number[]
}

/** Launches, or says why not. `here`: the caller does it at once, if it has its records. */
export function launch (model: Model, { selection, resource, set, scope, onError, onConflict, chunkSize }: ModelLaunch, here: boolean): ModelJob | Refused {
  if (!areReferencesThere(model.records, set)) return { code: 'reference_not_found' }
  const frozen = select(model, { selection, resource, set, scope, chunkSize })
  if ('code' in frozen) return frozen

  const job = take(model, { resource, set, onError, onConflict, undoOf: undefined }, frozen)
  if ('code' in job) return job
  if ('previewOf' in selection) model.previews[selection.previewOf]!.isExecuted = true
  if (here && job.status !== 'waiting') perform(model, job)
  return job
}

/** Undoes what a job has written, or says why not: always in the background, and as it is chunked there. */
export function undo (model: Model, job: ModelJob): ModelJob | Refused {
  if (!canBeUndone(model, job)) return { code: 'wrong_state' }
  const { resource, set, chunks } = job
  const written = chunks.map(({ entries, images }) => chunkOf(entries.flatMap(({ id, place }) => images.has(id) ? [{ id, place, version: undefined, image: images.get(id)! }] : [])))
  return take(model, { resource, set, onError: 'continue', onConflict: 'fail', undoOf: model.jobs.indexOf(job) }, written.filter(({ entries }) => entries.length > 0))
}

/** Makes a job of frozen records, as far as others let it have them. */
function take (model: Model, order: Pick<ModelJob, 'resource' | 'set' | 'onError' | 'onConflict' | 'undoOf'>, frozen: Chunk[]): ModelJob | Refused {
  const { onConflict } = order
  const others = model.jobs.filter(isLiving)
  const taken = new Set(others.flatMap(recordsOf))
  const locked = recordsOf({ chunks: frozen }).filter((id) => taken.has(id)).sort((one, other) => one - other)
  if (locked.length > 0 && onConflict === 'fail') return { code: 'records_locked', locked }
  const chunks = onConflict === 'skip' ? splitLocked(frozen, (id) => taken.has(id)) : frozen
  const waits = locked.length > 0 && onConflict === 'wait'
  const job: ModelJob = { ...order, id: '', status: waits ? 'waiting' : 'queued', errorCode: null, total: sizeOf(frozen), counts: { ...nothing }, chunks, n: 1, deaths: 0 }
  model.jobs.push(job)
  return job
}

function select (model: Model, { selection, resource, set, scope, chunkSize }: Pick<ModelLaunch, 'selection' | 'resource' | 'set' | 'scope' | 'chunkSize'>): Chunk[] | Refused {
  if ('previewOf' in selection) {
    const preview = model.previews[selection.previewOf]!
    if (preview.isExecuted || preview.resource !== resource) return { code: 'preview_not_found' }
    return isSame(preview.set, set) ? structuredClone(preview.chunks) : { code: 'rule_refused' }
  }
  if ('retryOf' in selection) {
    const chunks = unfinished(model, model.jobs[selection.retryOf]!)
    return chunks.length === 0 ? { code: 'all_records_missing' } : chunks
  }
  if ('ids' in selection && hasTwoVersions(selection)) return { code: 'validation_failed' }
  const chunks = freeze(model.records, selection, scope, chunkSize)
  if ('expectedCount' in selection && selection.expectedCount !== undefined && selection.expectedCount !== sizeOf(chunks)) {
    return { code: 'count_mismatch', count: sizeOf(chunks) }
  }
  return chunks
}

/** Whether a record is given with two different versions: it is unknown which one was read. */
function hasTwoVersions ({ ids, versions }: { ids: number[], versions?: string[] }): boolean {
  return versions !== undefined && ids.some((id, index) => versions[ids.indexOf(id)] !== versions[index])
}

function isSame (one: unknown, other: unknown): boolean {
  try {
    deepEqual(one, other)
    return true
  } catch {
    return false
  }
}

/** Freezes a preview, or says why not. Nothing is locked, and nothing written. */
export function preview (model: Model, { selection, resource, set, scope, chunkSize }: ModelLaunch): ModelPreview | Refused {
  if (!areReferencesThere(model.records, set)) return { code: 'reference_not_found' }
  const chunks = select(model, { selection, resource, set, scope, chunkSize })
  if ('code' in chunks) return chunks
  const made = { id: '', resource, set, chunks, isExecuted: false }
  model.previews.push(made)
  return made
}

/** The records that a preview would say are not written: it looks at all of them. */
export function failuresOf (model: Model, { chunks, ...order }: ModelPreview): { index: number, id: number, code: string | undefined }[] {
  const records = copyOf(model.records)
  return chunks.filter(({ excluded }) => excluded === null).flatMap(({ entries }) => entries.flatMap((entry) => {
    const { outcome, code } = tried(records, { ...order, onError: 'stop' }, entry)
    return outcome === 'failed' ? [{ index: entry.place, id: entry.id, code }] : []
  }))
}

function areReferencesThere ({ owners, labels }: Records, set: ChangeSet | undefined): boolean {
  const { owner, labels: change } = set ?? {}
  const members = change === undefined ? [] : 'replace' in change ? change.replace : change.add ?? []
  return (owner === undefined || owner === null || owners.has(owner)) && members.every((label) => labels.has(label))
}

/** What of a job that has ended failed, or was not done; undefined where it cannot be retried at all. */
function unfinished ({ records }: Model, job: ModelJob): Chunk[] {
  return job.chunks.flatMap((chunk) => {
    const left = chunk.entries.filter(({ id }) => isUnfinished(chunk.outcomes.get(id)))
    return splitMissing(left, (id) => records.items.has(id))
  })
}

function isUnfinished (outcome: Outcome | undefined): boolean {
  if (outcome?.code === 'stale_version') return false
  return outcome === undefined || outcome.outcome === 'failed' || (outcome.outcome === 'skipped' && outcome.code === 'locked')
}
