import type { JobStatus, OnConflict, OnError } from '../../schemas/job.ts'
import type { ChangeSet, Records } from './records.ts'
import type { Chunk, Outcome } from './selection.ts'

/** An operation to launch. */
export interface ModelOrder {
  resource: 'items' | 'entities' | 'ruled' | 'forgetful'
  /** Undefined: a delete. */
  set: ChangeSet | undefined
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
  /** The place among the jobs of the one that it undoes. */
  undoOf: number | undefined
}

export interface ModelPreview extends ModelOrder {
  id: string
  chunks: Chunk[]
  isExecuted: boolean
}

/** The expected state: the records, the jobs in the order of their launch, and the previews. */
export interface Model {
  records: Records
  jobs: ModelJob[]
  previews: ModelPreview[]
}

export const nothing = { succeeded: 0, unchanged: 0, missing: 0, skipped: 0, failed: 0 }
const terminal: readonly JobStatus[] = ['succeeded', 'completed_with_errors', 'failed', 'cancelled']

export function isLiving ({ status }: ModelJob): boolean {
  return !terminal.includes(status)
}

/** The records that a job holds or waits for. */
export function recordsOf ({ chunks }: Pick<ModelJob, 'chunks'>): number[] {
  return chunks.filter(({ excluded }) => excluded === null).flatMap(({ entries }) => entries.map(({ id }) => id))
}

export function sizeOf (chunks: readonly Chunk[]): number {
  return chunks.reduce((size, { entries }) => size + entries.length, 0)
}

export function canBeRetried (job: ModelJob): boolean {
  return !isLiving(job) && job.undoOf === undefined && (job.status !== 'succeeded' || job.counts.skipped > 0)
}

/** What has written something, and ended, can be undone once; by an undo that failed or was cancelled it was not. */
export function canBeUndone ({ jobs }: Model, job: ModelJob): boolean {
  const isUndone = jobs.some((undo) => undo.undoOf === jobs.indexOf(job) && !['failed', 'cancelled'].includes(undo.status))
  return !isLiving(job) && job.undoOf === undefined && job.resource !== 'forgetful' && job.counts.succeeded > 0 && !isUndone
}
