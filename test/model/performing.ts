import type { JobStatus } from '../../schemas/job.ts'
import { isLiving, nothing, recordsOf, type Model, type ModelJob, type ModelOrder } from './model.ts'
import { bringBack, copyOf, giveBack, remove, update, type Records, type TransactionOutcome } from './records.ts'
import type { Chunk, Entry, Outcome } from './selection.ts'

/** A worker that dies three times over a job is the last that gets it. */
const fatalDeaths = 3

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
      chunk.images.clear()
      return end(model, job, 'failed', { errorCode: 'stopped', counts: counted(job) })
    }
    model.records = records
    chunk.isDone = true
    job.counts = counted(job)
  }
  // After the last chunk there is nothing left to interrupt.
  return (interruption === undefined || job.chunks.every(({ isDone }) => isDone)) && endWhole(model, job)
}

/** Writes a chunk; resolves to the record at fault where one is enough for the whole chunk to be given up. */
function performChunk (records: Records, job: ModelJob, { excluded, entries, outcomes, images }: Chunk): [number, Outcome] | undefined {
  if (excluded !== null) {
    for (const { id } of entries) outcomes.set(id, excluded === 'missing' ? { outcome: 'missing', code: 'missing' } : { outcome: 'skipped', code: 'locked' })
    return undefined
  }
  // Who has changed is looked for before anything is written.
  const inTurn = job.onError === 'continue' ? entries : [...entries.filter((entry) => isStale(records, entry)), ...entries.filter((entry) => !isStale(records, entry))]
  for (const entry of inTurn) {
    const { id } = entry
    const before = records.items.get(id)
    const tookOthers = records.visits.has(id)
    const outcome = tried(records, job, entry)
    outcomes.set(id, outcome)
    if (outcome.outcome === 'succeeded') images.set(id, { before: before!, after: records.items.get(id), tookOthers })
    if (outcome.outcome === 'failed' && job.onError !== 'continue') return [id, outcome]
  }
  return undefined
}

/** What becomes of a record. */
export function tried (records: Records, order: ModelOrder & Pick<ModelJob, 'onError'>, entry: Entry): Outcome {
  if (isStale(records, entry)) return { outcome: order.onError === 'continue' ? 'skipped' : 'failed', code: 'stale_version' }
  return outcomeOf(write(records, order, entry))
}

function isStale (records: Records, { id, version }: Entry): boolean {
  return version !== undefined && records.items.has(id) && String(records.items.get(id)!.version) !== version
}

function write (records: Records, { resource, set }: ModelOrder, { id, image }: Entry): TransactionOutcome {
  const ruled = resource === 'ruled'
  if (image === undefined) return set === undefined ? remove(records, id) : update(records, id, set, { ruled })
  return set === undefined ? bringBack(records, id, image) : giveBack(records, id, image, { set, ruled })
}

function outcomeOf (verdict: TransactionOutcome): Outcome {
  if (typeof verdict === 'object') return { outcome: 'failed', code: verdict.refused }
  if (verdict === 'changed') return { outcome: 'skipped', code: 'changed_since' }
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

/** The worker of a job died: the job is queued again, or fails as poisoned. */
export function die (model: Model, job: ModelJob): void {
  job.deaths += 1
  if (job.deaths >= fatalDeaths) end(model, job, 'failed', { errorCode: 'poisoned', counts: counted(job) })
  else {
    job.status = 'queued'
    job.n += 1
  }
}

/** Grants waiting jobs their records in the order of the launches, unless a running job or one that waits longer has them. */
function grant ({ jobs }: Model): void {
  const ahead = new Set(jobs.filter((job) => isLiving(job) && job.status !== 'waiting').flatMap(recordsOf))
  for (const job of jobs.filter(({ status }) => status === 'waiting')) {
    const own = recordsOf(job)
    if (!own.some((id) => ahead.has(id))) job.status = 'queued'
    for (const id of own) ahead.add(id)
  }
}
