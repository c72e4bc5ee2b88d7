import type { Sql } from '../database/sql.ts'
import type { Tables } from '../database/tables.ts'
import type { LiveProgress } from './live-store.ts'

/** The NOTIFY that goes with it. */
export interface Notification {
  readonly channel: string
  readonly payload: string
}

/**
 * Stores progress and notifies in one statement, so that a listener that receives the signal finds the row.
 * - nothing stored, an equal or a smaller fence, or a row past its TTL: written, and listeners are notified
 * - a greater fence: nothing is written or notified
 */
export async function upsertProgress (
  sql: Sql, tables: Tables, jobId: string, progress: LiveProgress, ttlMs: number, { channel, payload }: Notification
): Promise<void> {
  await sql.query(`
    WITH written AS (
      INSERT INTO ${tables.liveProgress} AS stored (job_id, fence, processed, total, message, told_at_ms)
      VALUES ($1, $2, $3, $4, $5, $6)
      ON CONFLICT (job_id) DO UPDATE SET
        fence = excluded.fence, processed = excluded.processed, total = excluded.total, message = excluded.message,
        told_at_ms = excluded.told_at_ms, updated_at = now()
      WHERE stored.fence <= excluded.fence OR stored.updated_at <= now() - $7 * interval '1 millisecond'
      RETURNING 1
    )
    SELECT pg_notify($8, $9) FROM written`, [
    jobId, progress.fence, progress.processed, progress.total, withoutNul(progress.message), progress.reportedAtMs,
    ttlMs, channel, payload
  ])
}

/** PostgreSQL's text cannot hold NUL: it is removed rather than losing the whole progress. */
function withoutNul (message: string): string {
  return message.replaceAll('\0', '')
}

/** Notifies all listeners of the channel in this database. */
export async function notify (sql: Sql, { channel, payload }: Notification): Promise<void> {
  await sql.query('SELECT pg_notify($1, $2)', [channel, payload])
}

interface ProgressRow {
  job_id: string
  fence: number
  processed: number
  total: number
  message: string
  /** An int8, which pg returns as text. */
  told_at_ms: string
}

/** The progress of these jobs that has not expired. */
export async function readProgress (
  sql: Sql, tables: Tables, jobIds: readonly string[], ttlMs: number
): Promise<Map<string, LiveProgress>> {
  const rows = await sql.query<ProgressRow>(`
    SELECT job_id, fence, processed, total, message, told_at_ms
    FROM ${tables.liveProgress}
    WHERE job_id = ANY($1::uuid[]) AND updated_at > now() - $2 * interval '1 millisecond'`, [jobIds, ttlMs])
  return new Map(rows.map(({ job_id: jobId, told_at_ms: reportedAtMs, ...progress }) =>
    [jobId, { ...progress, reportedAtMs: Number(reportedAtMs) }]))
}

/** Deletes the progress of these jobs; unknown ids are ignored. */
export async function deleteProgress (sql: Sql, tables: Tables, jobIds: readonly string[]): Promise<void> {
  await sql.query(`DELETE FROM ${tables.liveProgress} WHERE job_id = ANY($1::uuid[])`, [jobIds])
}

/** Deletes expired progress; resolves to the number of rows. */
export async function deleteExpiredProgress (sql: Sql, tables: Tables, ttlMs: number): Promise<number> {
  const [row] = await sql.query<{ count: number }>(`
    WITH removed AS (
      DELETE FROM ${tables.liveProgress} WHERE updated_at <= now() - $1 * interval '1 millisecond' RETURNING 1
    )
    SELECT count(*)::int AS count FROM removed`, [ttlMs])
  return row?.count ?? 0
}
