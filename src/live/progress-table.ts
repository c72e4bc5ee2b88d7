import type { Sql } from '../database/sql.ts'
import type { Tables } from '../database/tables.ts'
import type { LiveProgress } from './live-store.ts'

/** Where the signal about it goes, and what it says. */
export interface Notification {
  readonly channel: string
  readonly payload: string
}

/**
 * Stores progress and notifies in one statement, so that who hears the signal finds the row.
 * - nothing stored, an equal or a smaller fence, or a row past its TTL: written, notified
 * - a greater fence: nothing is written, nobody is notified
 */
export async function tellProgress (
  sql: Sql, tables: Tables, jobId: string, progress: LiveProgress, ttlMs: number, { channel, payload }: Notification
): Promise<void> {
  await sql.query(`
    WITH told AS (
      INSERT INTO ${tables.liveProgress} AS stored (job_id, fence, processed, total, message, told_at_ms)
      VALUES ($1, $2, $3, $4, $5, $6)
      ON CONFLICT (job_id) DO UPDATE SET
        fence = excluded.fence, processed = excluded.processed, total = excluded.total, message = excluded.message,
        told_at_ms = excluded.told_at_ms, updated_at = now()
      WHERE stored.fence <= excluded.fence OR stored.updated_at <= now() - $7 * interval '1 millisecond'
      RETURNING 1
    )
    SELECT pg_notify($8, $9) FROM told`, [
    jobId, progress.fence, progress.processed, progress.total, withoutNul(progress.message), progress.toldAtMs,
    ttlMs, channel, payload
  ])
}

/** PostgreSQL's text cannot hold NUL: a message that has one loses it rather than all progress with it. */
function withoutNul (message: string): string {
  return message.replaceAll('\0', '')
}

/** Notifies everybody who listens on the channel, in this database. */
export async function notify (sql: Sql, { channel, payload }: Notification): Promise<void> {
  await sql.query('SELECT pg_notify($1, $2)', [channel, payload])
}

interface ProgressRow {
  job_id: string
  fence: number
  processed: number
  total: number
  message: string
  /** An int8, which pg hands out as text. */
  told_at_ms: string
}

/** What was last told about these jobs and is not past its TTL. */
export async function hearProgress (
  sql: Sql, tables: Tables, jobIds: readonly string[], ttlMs: number
): Promise<Map<string, LiveProgress>> {
  const rows = await sql.query<ProgressRow>(`
    SELECT job_id, fence, processed, total, message, told_at_ms
    FROM ${tables.liveProgress}
    WHERE job_id = ANY($1::uuid[]) AND updated_at > now() - $2 * interval '1 millisecond'`, [jobIds, ttlMs])
  return new Map(rows.map(({ job_id: jobId, told_at_ms: toldAtMs, ...progress }) =>
    [jobId, { ...progress, toldAtMs: Number(toldAtMs) }]))
}

/** Deletes what was told about these jobs; unknown ones are passed over. */
export async function forgetProgress (sql: Sql, tables: Tables, jobIds: readonly string[]): Promise<void> {
  await sql.query(`DELETE FROM ${tables.liveProgress} WHERE job_id = ANY($1::uuid[])`, [jobIds])
}

/** Deletes what is past its TTL; resolves to the number of rows. */
export async function removeExpiredProgress (sql: Sql, tables: Tables, ttlMs: number): Promise<number> {
  const [row] = await sql.query<{ count: number }>(`
    WITH removed AS (
      DELETE FROM ${tables.liveProgress} WHERE updated_at <= now() - $1 * interval '1 millisecond' RETURNING 1
    )
    SELECT count(*)::int AS count FROM removed`, [ttlMs])
  return row?.count ?? 0
}
