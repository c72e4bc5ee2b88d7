import type { Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'
import type { OnConflict, OnError } from '../../../schemas/job.ts'
import type { JobRow, JobSpec } from '../../engine/job-row.ts'

export interface NewJob {
  id: string
  kind: 'bulk' | 'task'
  resource: string | null
  operation: string
  status: 'queued' | 'waiting' | 'running'
  onError: OnError
  onConflict: OnConflict
  selectionId: string
  spec: JobSpec
  fingerprint: string
  reason: string | null
  createdBy: { id: string, label: string } | null
  undoOf: string | null
  retryOf: string | null
  total: number
  /** The claim of a job that is executed in the request. */
  claim: { worker: string, leaseMs: number } | null
  /** What only tasks have. */
  task?: TaskTerms
}

/** How a task is to be done. */
export interface TaskTerms {
  readonly group: string | null
  readonly affected: readonly string[] | null
  readonly delayMs: number
  readonly attemptsMax: number
  readonly timeoutMs: number | null
  /** What it is to go on from; null for a beginning. */
  readonly checkpoint: unknown
}

/** Inserts a job. One that is inserted as `running` is already claimed: fence 1, and a lease. */
export async function insertJob (sql: Sql, tables: Tables, job: NewJob): Promise<JobRow> {
  const [row] = await sql.query<JobRow>(`
    INSERT INTO ${tables.job} (id, kind, resource, operation, status, on_error, on_conflict, selection_id, spec, fingerprint,
      reason, created_by_id, created_by_label, undo_of, retry_of, total, worker, fence, attempts, lease, started_at, progressed_at,
      group_name, affected, run_after, attempts_max, timeout_ms, checkpoint)
    SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17::text,
      claimed::int, claimed::int, CASE WHEN claimed THEN clock_timestamp() + $18 * interval '1 ms' END,
      CASE WHEN claimed THEN clock_timestamp() END, CASE WHEN claimed THEN clock_timestamp() END,
      $19, $20, CASE WHEN $21::float8 > 0 THEN clock_timestamp() + $21 * interval '1 ms' END, $22, $23, $24
    FROM (SELECT $17::text IS NOT NULL AS claimed) AS inserted
    RETURNING *`, [
    job.id, job.kind, job.resource, job.operation, job.status, job.onError, job.onConflict, job.selectionId,
    JSON.stringify(job.spec), job.fingerprint, job.reason, job.createdBy?.id ?? null, job.createdBy?.label ?? null,
    job.undoOf, job.retryOf, job.total, job.claim?.worker ?? null, job.claim?.leaseMs ?? 0,
    job.task?.group ?? null, job.task?.affected ? JSON.stringify(job.task.affected) : null, job.task?.delayMs ?? 0,
    job.task?.attemptsMax ?? 1, job.task?.timeoutMs ?? null, job.task?.checkpoint == null ? null : JSON.stringify(job.task.checkpoint)
  ])
  return row!
}

/** A job by its id. */
export async function readJob (sql: Sql, tables: Tables, id: string): Promise<JobRow | undefined> {
  const [row] = await sql.query<JobRow>(`SELECT * FROM ${tables.job} WHERE id = $1`, [id])
  return row
}

/** The rows of some jobs, in no order; those that are gone are left out. */
export async function readJobs (sql: Sql, tables: Tables, ids: readonly string[]): Promise<JobRow[]> {
  return sql.query<JobRow>(`SELECT * FROM ${tables.job} WHERE id = ANY($1::uuid[])`, [ids])
}
