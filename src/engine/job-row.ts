import type { JobStatus, OnConflict, OnError } from '../../schemas/job.ts'

/** What a job is to do, in the form in which it came and travels to any worker. */
export interface JobSpec {
  /** The validated change set of an update, as it came in JSON. */
  set?: Record<string, unknown>
  /** Whether what was there before is kept, so that the job can be undone. */
  keepsImages?: true
  /** What an undo takes back. */
  undoes?: 'update' | 'delete'
  /** The payload of a task, and the version of its shape. */
  payload?: unknown
  version?: number
  /** How many chunks of locks a task was launched with; what comes after them it has locked on the way. */
  lockChunks?: number
}

/** A job that has killed this many workers is not claimed again. */
export const fatalDeaths = 3

/** The records of a job, counted by outcome. */
export interface JobCounts {
  total: number
  succeeded: number
  unchanged: number
  missing: number
  skipped: number
  failed: number
}

/** One row of the table `job`: the durable record of one operation, and the only truth about it. */
export interface JobRow extends JobCounts {
  id: string
  kind: 'bulk' | 'task'
  resource: string | null
  operation: string
  status: JobStatus
  on_error: OnError
  on_conflict: OnConflict
  selection_id: string
  spec: JobSpec
  fingerprint: string
  reason: string | null
  created_by_id: string | null
  created_by_label: string | null
  undo_of: string | null
  retry_of: string | null
  /** Number of the current delivery. */
  n: number
  /** Fencing token: the number of claims so far. */
  fence: number
  lease: Date | null
  worker: string | null
  backend_pid: number | null
  backend_start: Date | null
  attempts: number
  deaths: number
  error_code: string | null
  error_message: string | null
  /** The row code behind `error_code`, where one record was at fault. */
  error_row_code: string | null
  result: unknown
  /** What a task belongs to, in the application's words. */
  group_name: string | null
  /** What a task is about, for people. */
  affected: string[] | null
  /** Not to be taken up before. */
  run_after: Date | null
  /** How often a task may be attempted, and how often it was requeued because it failed. Worker crashes are counted separately. */
  attempts_max: number
  failures: number
  timeout_ms: number | null
  /** The blocked reason: why a worker left it to others while it is queued. */
  hindrance: string | null
  /** What a task saved to go on from. */
  checkpoint: unknown
  created_at: Date
  started_at: Date | null
  finished_at: Date | null
  progressed_at: Date | null
  touched_at: Date
}

/** Records that have an outcome: the sum of all counts but `total`. */
export function processedOf (counts: Omit<JobCounts, 'total'>): number {
  return counts.succeeded + counts.unchanged + counts.missing + counts.skipped + counts.failed
}

const instants = ['lease', 'backend_start', 'created_at', 'started_at', 'finished_at', 'progressed_at', 'touched_at', 'run_after'] as const

/** A row that was read through the application's MikroORM has its instants as text. */
export function withInstants (row: JobRow): JobRow {
  const parsed = instants.map((name) => [name, row[name] === null ? null : new Date(row[name])])
  return { ...row, ...Object.fromEntries(parsed) }
}

/** What a job of this launch is to do, as it is kept. */
export function specOf ({ set }: { set?: Record<string, unknown> }): JobSpec {
  return set === undefined ? {} : { set }
}
