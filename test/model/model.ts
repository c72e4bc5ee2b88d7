import { deepEqual } from 'node:assert/strict'
import type { JobStatus, OnConflict, OnError } from '../../schemas/job.ts'
import type { Filter } from './filter.ts'
import { copyOf, remove, update, type ChangeSet, type Records, type Verdict } from './records.ts'
import { freeze, splitLocked, splitMissing, type Chunk, type Entry, type ModelSelection, type Outcome } from './selection.ts'

/** What is to be done, and to which records. */
export interface ModelOrder {
  resource: 'items' | 'entities' | 'ruled'
  /** Undefined: a delete. */
  set: ChangeSet | undefined
}

export interface ModelLaunch extends ModelOrder {
  selection: ModelSelection | { previewOf: number } | { retryOf: number }
  scope?: Filter | undefined
  onError: OnError
  onConflict: OnConflict
  /** How many records a chunk has at most where the launch is made. */
  chunkSize: number
}

export interface ModelJob extends ModelOrder {
  /** The engine's own id. */
  id: string
  onError: OnError
  onConflict: OnConflict
  status: JobStatus
  errorCode: string | null
  total: number
  counts: Record<Outcome['outcome'], number>
  chunks: Chunk[]
  /** Deliveries, and workers that died over it. */
  n: number
  deaths: number
}

export interface ModelPreview extends ModelOrder {
  id: string
  chunks: Chunk[]
  isExecuted: boolean
}

/** All that there is: the records, the jobs in the order of their launch, and the previews. */
export interface Model {
  records: Records
  jobs: ModelJob[]
  previews: ModelPreview[]
}

/** A launch that makes no job. */
export interface Refused {
  code: string
  count?: number
  /** The records that others have, by id. */
  locked?: number[]
}

const nothing = { succeeded: 0, unchanged: 0, missing: 0, skipped: 0, failed: 0 }
const terminal: readonly JobStatus[] = ['succeeded', 'completed_with_errors', 'failed', 'cancelled']

/** A worker that dies three times over a job is the last that gets it. */
const fatalDeaths = 3

export function isLiving ({ status }: ModelJob): boolean {
  return !terminal.includes(status)
}

/** The records that a job holds, or stands in line for. */
export function recordsOf ({ chunks }: Pick<ModelJob, 'chunks'>): number[] {
  return chunks.filter(({ excluded }) => excluded === null).flatMap(({ entries }) => entries.map(({ id }) => id))
}

export function sizeOf (chunks: readonly Chunk[]): number {
  return chunks.reduce((size, { entries }) => size + entries.length, 0)
}

/** Launches, or says why not. `here`: the caller does it at once, if it has its records. */
export function launch (model: Model, { selection, resource, set, scope, onError, onConflict, chunkSize }: ModelLaunch, here: boolean): ModelJob | Refused {
  if (!areReferencesThere(model.records, set)) return { code: 'reference_not_found' }
  const frozen = select(model, { selection, resource, set, scope, chunkSize })
  if ('code' in frozen) return frozen

  const others = model.jobs.filter(isLiving)
  const taken = new Set(others.flatMap(recordsOf))
  const locked = recordsOf({ chunks: frozen }).filter((id) => taken.has(id)).sort((one, other) => one - other)
  if (locked.length > 0 && onConflict === 'fail') return { code: 'records_locked', locked }
  const chunks = onConflict === 'skip' ? splitLocked(frozen, (id) => taken.has(id)) : frozen
  const waits = locked.length > 0 && onConflict === 'wait'
  const job: ModelJob = {
    id: '', resource, set, onError, onConflict, status: waits ? 'waiting' : 'queued', errorCode: null, total: sizeOf(frozen), counts: { ...nothing }, chunks, n: 1, deaths: 0
  }
  if ('previewOf' in selection) model.previews[selection.previewOf]!.isExecuted = true
  model.jobs.push(job)
  if (here && !waits) perform(model, job)
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

/** Nobody could say which one of them was read. */
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
    const { id, place } = entry
    const { outcome, code } = outcomeOf(isStale(records, entry) ? { refused: 'stale_version' } : write(records, order, id))
    return outcome === 'failed' ? [{ index: place, id, code }] : []
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

export function canBeRetried (job: ModelJob): boolean {
  return !isLiving(job) && (job.status !== 'succeeded' || job.counts.skipped > 0)
}

/** Where the work on a job is interrupted: before a chunk (by its index) is committed, or after. */
export interface Interruption {
  at: number
  commits: boolean
}

/**
 * Works on a job: to its end, or to an interruption, in which case the job keeps what was committed and its status.
 * Resolves to whether it has ended.
 */
export function perform (model: Model, job: ModelJob, interruption?: Interruption): boolean {
  const last = interruption === undefined ? job.chunks.length - 1 : interruption.commits ? interruption.at : interruption.at - 1
  return job.onError === 'rollback' ? performAtOnce(model, job, last, interruption) : performChunkByChunk(model, job, last, interruption)
}

function performAtOnce (model: Model, job: ModelJob, last: number, interruption: Interruption | undefined): boolean {
  const records = copyOf(model.records)
  const chunks = structuredClone(job.chunks)
  for (const chunk of chunks.slice(0, last + 1)) {
    const fault = performChunk(records, job, chunk)
    if (fault === undefined) continue
    job.chunks[chunks.indexOf(chunk)]!.outcomes = new Map([fault])
    return end(model, job, 'failed', { errorCode: 'rolled_back', counts: { ...nothing, failed: 1 } })
  }
  if (interruption !== undefined) return false
  model.records = records
  job.chunks = chunks
  return endWhole(model, job)
}

function performChunkByChunk (model: Model, job: ModelJob, last: number, interruption: Interruption | undefined): boolean {
  for (const chunk of job.chunks.slice(0, last + 1)) {
    if (chunk.isDone) continue
    const records = copyOf(model.records)
    const fault = performChunk(records, job, chunk)
    if (fault !== undefined) {
      chunk.outcomes = new Map([fault])
      return end(model, job, 'failed', { errorCode: 'stopped', counts: counted(job) })
    }
    model.records = records
    chunk.isDone = true
    job.counts = counted(job)
  }
  return interruption === undefined && endWhole(model, job)
}

/** Writes a chunk; resolves to the record at fault where one is enough for the whole chunk to be given up. */
function performChunk (records: Records, job: ModelJob, chunk: Chunk): [number, Outcome] | undefined {
  const { excluded, entries, outcomes } = chunk
  if (excluded !== null) {
    for (const { id } of entries) outcomes.set(id, excluded === 'missing' ? { outcome: 'missing', code: 'missing' } : { outcome: 'skipped', code: 'locked' })
    return undefined
  }
  // Who has changed is looked for before anything is written.
  const inTurn = job.onError === 'continue' ? entries : [...entries.filter((entry) => isStale(records, entry)), ...entries.filter((entry) => !isStale(records, entry))]
  for (const entry of inTurn) {
    const outcome = isStale(records, entry) ? stale(job) : outcomeOf(write(records, job, entry.id))
    outcomes.set(entry.id, outcome)
    if (outcome.outcome === 'failed' && job.onError !== 'continue') return [entry.id, outcome]
  }
  return undefined
}

function isStale (records: Records, { id, version }: Entry): boolean {
  return version !== undefined && records.items.has(id) && String(records.items.get(id)!.version) !== version
}

function stale ({ onError }: Pick<ModelJob, 'onError'>): Outcome {
  return { outcome: onError === 'continue' ? 'skipped' : 'failed', code: 'stale_version' }
}

function write (records: Records, { resource, set }: ModelOrder, id: number): Verdict {
  return set === undefined ? remove(records, id) : update(records, id, set, { ruled: resource === 'ruled' })
}

function outcomeOf (verdict: Verdict): Outcome {
  if (typeof verdict === 'object') return { outcome: 'failed', code: verdict.refused }
  return verdict === 'missing' ? { outcome: verdict, code: 'missing' } : { outcome: verdict }
}

function counted ({ chunks }: ModelJob): ModelJob['counts'] {
  const counts = { ...nothing }
  for (const { outcome } of chunks.flatMap(({ outcomes }) => [...outcomes.values()])) counts[outcome] += 1
  return counts
}

/** The end of a job that has looked at all of its records. */
function endWhole (model: Model, job: ModelJob): boolean {
  const counts = counted(job)
  for (const chunk of job.chunks) chunk.isDone = true
  if (job.total > 0 && counts.missing === job.total) return end(model, job, 'failed', { errorCode: 'all_records_missing', counts })
  return end(model, job, counts.failed > 0 ? 'completed_with_errors' : 'succeeded', { errorCode: null, counts })
}

function end (model: Model, job: ModelJob, status: JobStatus, how: Pick<ModelJob, 'errorCode' | 'counts'>): true {
  Object.assign(job, { ...how, status })
  grant(model)
  return true
}

/** Ends a job from outside: what was committed stays, and is counted. */
export function cancel (model: Model, job: ModelJob): void {
  end(model, job, 'cancelled', { errorCode: null, counts: counted(job) })
}

/** Its worker died: another one gets it, or nobody. */
export function die (model: Model, job: ModelJob): void {
  job.deaths += 1
  if (job.deaths >= fatalDeaths) end(model, job, 'failed', { errorCode: 'poisoned', counts: counted(job) })
  else {
    job.status = 'queued'
    job.n += 1
  }
}

/** Who waits gets its records in the order of the launches, where nobody holds one of them, or stands before it in line. */
function grant ({ jobs }: Model): void {
  const ahead = new Set(jobs.filter((job) => isLiving(job) && job.status !== 'waiting').flatMap(recordsOf))
  for (const job of jobs.filter(({ status }) => status === 'waiting')) {
    const own = recordsOf(job)
    if (!own.some((id) => ahead.has(id))) job.status = 'queued'
    for (const id of own) ahead.add(id)
  }
}
