import type { Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'
import { fatalDeaths, type JobRow } from '../job-row.ts'
import { workerDied } from './worker-died.ts'

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
    SET fence = fence + 1, status = 'running', lease = now() + $4 * interval '1 ms', worker = $3, attempts = attempts + 1,
      deaths = deaths + (status = 'running' AND ${workerDied})::int, started_at = coalesce(started_at, now()), progressed_at = now(), touched_at = now(), hindrance = NULL
    WHERE id = $1 AND n = $2 AND (status = 'queued' AND (run_after IS NULL OR run_after <= now()) OR status = 'running' AND lease < now() AND deaths + (${workerDied})::int < $5)
    RETURNING *`, [id, n, worker, leaseMs, fatalDeaths])
  return row
}
