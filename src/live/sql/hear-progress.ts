import type { Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'
import type { LiveProgress } from '../live-store.ts'

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
