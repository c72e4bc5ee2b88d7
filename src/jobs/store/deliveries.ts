import type { Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'
import { mayTake } from './status-sql.ts'

export interface QueuedJob {
  id: string
  n: number
  /** It was not touched for a lease: a delivery that the queue calls active has no worker. */
  is_unclaimed: boolean
  /** It has been due and untouched for a lease: an entry of it that is delayed has no reason in the job to be. */
  is_overdue: boolean
  /** Milliseconds until it may be taken up; 0: now. */
  delay_ms: number
  /** For the next page; text, because JavaScript's dates drop the microseconds. */
  touched_at: string
}

/** A page of the queued jobs, longest untouched first. Input: the last row of the page before. */
export async function readQueuedJobs (
  sql: Sql, tables: Tables,
  { now, leaseMs, after, limit }: { now: Date, leaseMs: number, after: QueuedJob | undefined, limit: number }
): Promise<QueuedJob[]> {
  return sql.query<QueuedJob>(`
    SELECT id, n, touched_at < $1::timestamptz - $2 * interval '1 ms' AS is_unclaimed,
      greatest(touched_at, run_after) < $1::timestamptz - $2 * interval '1 ms' AS is_overdue,
      greatest(0, ceil(coalesce(extract(epoch FROM run_after - $1::timestamptz), 0) * 1000))::float8 AS delay_ms, touched_at::text
    FROM ${tables.job}
    WHERE ${mayTake('claim')} AND finished_at IS NULL
      AND ($3::timestamptz IS NULL OR (${tables.job}.touched_at, id) > ($3, $4::uuid))
    ORDER BY ${tables.job}.touched_at, id
    LIMIT $5`, [now, leaseMs, after?.touched_at ?? null, after?.id ?? null, limit])
}

/**
 * Gives a queued job a new delivery number, because the queue holds the old one and will do nothing with it.
 * Output: the new number; undefined when a worker has claimed the job meanwhile, or another process renumbered it first.
 */
export async function renumberJob (sql: Sql, tables: Tables, { id, n }: { id: string, n: number }): Promise<number | undefined> {
  const [row] = await sql.query<{ n: number }>(`
    UPDATE ${tables.job} SET n = n + 1 WHERE id = $1 AND n = $2 AND ${mayTake('claim')} RETURNING n`, [id, n])
  return row?.n
}
