import type { Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'
import { fatalDeaths, type JobRow } from '../../engine/job-row.ts'
import { workerDied } from './expired-leases.ts'
import type { JobStatus } from '../../../schemas/job.ts'
import { claimedStatuses } from '../../engine/states.ts'
import { mayTake, statusAfter, statusIn } from './status-sql.ts'

/**
 * A worker takes a job up. The database's clock counts. A job that would have killed its last worker is not for work
 * any more: the sweep ends it.
 *
 * Input: the delivery, the worker, the lease. Output: the claimed job, with the backend of the claim before it (to be
 * ended) still in its row; undefined when the delivery is stale, the job is held, or it is not for work.
 */
export async function claimJob (
  sql: Sql, tables: Tables,
  { id, n, worker, leaseMs }: { id: string, n: number, worker: string, leaseMs: number }
): Promise<JobRow | undefined> {
  const [row] = await sql.query<JobRow>(`
    UPDATE ${tables.job}
    SET fence = fence + 1, status = ${statusAfter('claim')}, lease = clock_timestamp() + $4 * interval '1 ms', worker = $3, attempts = attempts + 1,
      deaths = deaths + (${mayTake('reclaim')} AND ${workerDied})::int, started_at = coalesce(started_at, clock_timestamp()), progressed_at = clock_timestamp(), touched_at = clock_timestamp(), hindrance = NULL
    WHERE id = $1 AND n = $2 AND (${mayTake('claim')} AND (run_after IS NULL OR run_after <= now()) OR ${mayTake('reclaim')} AND lease < now() AND deaths + (${workerDied})::int < $5)
    RETURNING *`, [id, n, worker, leaseMs, fatalDeaths])
  return row
}

export interface Claimability {
  /** The database's clock. */
  now: Date
  kind: 'bulk' | 'task'
  resource: string | null
  operation: string
  status: JobStatus
  n: number
  fingerprint: string
  /** The version of a task's payload. */
  version: number | null
  /** Why an earlier worker did not run the job. */
  blocked_reason: string | null
  /** Milliseconds until the job may be taken up; null or less than 0: now. */
  wait_ms: number | null
  /** Milliseconds until the lease ends; null without one. */
  lease_left_ms: number | null
}

/** What a delivery is judged by; undefined for an unknown job. */
export async function readClaimability (sql: Sql, tables: Tables, id: string): Promise<Claimability | undefined> {
  const [row] = await sql.query<Claimability>(`
    SELECT clock_timestamp() AS now, kind, resource, operation, status, n, fingerprint, hindrance AS blocked_reason, (spec ->> 'version')::int AS version,
      (extract(epoch FROM run_after - now()) * 1000)::float8 AS wait_ms,
      (extract(epoch FROM lease - now()) * 1000)::int AS lease_left_ms
    FROM ${tables.job} WHERE id = $1`, [id])
  return row
}

/** Records why a worker did not claim a queued job, for its user to see; a claim clears it. Output: whether the reason is new. */
export async function recordBlockedReason (sql: Sql, tables: Tables, { id, n, reason }: { id: string, n: number, reason: string }): Promise<boolean> {
  const rows = await sql.query(`
    UPDATE ${tables.job} SET hindrance = $3
    WHERE id = $1 AND n = $2 AND ${mayTake('claim')} AND hindrance IS DISTINCT FROM $3
    RETURNING 1`, [id, n, reason])
  return rows.length > 0
}

/**
 * The heartbeat. Input: the claim, and whether its work has moved since the last one (a job in one transaction commits
 * nothing on the way that would tell). Output: what the job's status requires of its worker; undefined when the claim is lost.
 */
export async function renewLease (
  sql: Sql, tables: Tables, { id, fence, leaseMs, moved }: { id: string, fence: number, leaseMs: number, moved: boolean }
): Promise<JobStatus | undefined> {
  const [row] = await sql.query<{ status: JobStatus }>(`
    UPDATE ${tables.job} SET lease = clock_timestamp() + $3 * interval '1 ms', touched_at = clock_timestamp(),
      progressed_at = CASE WHEN $4 THEN clock_timestamp() ELSE progressed_at END
    WHERE id = $1 AND fence = $2 AND ${statusIn(claimedStatuses)}
    RETURNING status`, [id, fence, leaseMs, moved])
  return row?.status
}

/**
 * Keeps which database backend works for a claim, so that the next claim can end it. Runs on another connection than
 * the one that it names: the job row must not be locked while rows are being written.
 * Output: whether the claim still stands.
 */
export async function recordBackend (
  sql: Sql, tables: Tables, { id, fence, pid, start }: { id: string, fence: number, pid: number, start: Date }
): Promise<boolean> {
  const rows = await sql.query(`
    UPDATE ${tables.job} SET backend_pid = $3, backend_start = $4 WHERE id = $1 AND fence = $2 RETURNING 1`, [id, fence, pid, start])
  return rows.length > 0
}

/** What a backend is called in pg_stat_activity while it is in a transaction of a job, and only then. */
export function backendName (jobId: string): string {
  return `powercrud ${jobId}`
}

/**
 * Ends the backend of a claim that was lost: a worker that froze while reading is caught by no timeout, and its row
 * locks would block the successor. The start distinguishes it from another backend with the same pid; the name, from what
 * the pool of a worker that lives does with the connection by now.
 */
export async function terminateBackend (sql: Sql, { jobId, pid, start }: { jobId: string, pid: number, start: Date }): Promise<void> {
  await sql.query(`
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE pid = $1 AND date_trunc('milliseconds', backend_start) = $2 AND application_name = $3`, [pid, start, backendName(jobId)])
}
