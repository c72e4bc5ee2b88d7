import type { Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'
import type { JobStatus } from '../../../schemas/job.ts'
import type { JobCounts } from '../../engine/job-row.ts'

/**
 * The fence: the last statement before a chunk's COMMIT. The job row is locked only for this instant.
 *
 * Input: the claim, what the chunk adds, the statuses under which it may commit.
 * Output: the status it commits under; undefined when it must be rolled back.
 */
export async function commitCounts (
  sql: Sql, tables: Tables,
  { id, fence, counts, under }: { id: string, fence: number, counts: Omit<JobCounts, 'total'>, under: readonly JobStatus[] }
): Promise<JobStatus | undefined> {
  const [row] = await sql.query<{ status: JobStatus }>(`
    UPDATE ${tables.job}
    SET succeeded = succeeded + $4, unchanged = unchanged + $5, missing = missing + $6, skipped = skipped + $7, failed = failed + $8,
      progressed_at = now(), touched_at = now()
    WHERE id = $1 AND fence = $2 AND status = ANY($3)
    RETURNING status`, [id, fence, under, counts.succeeded, counts.unchanged, counts.missing, counts.skipped, counts.failed])
  return row?.status
}

/**
 * Keeps from where a task can go on: the last statement before the COMMIT of what it has written so far, and its fence.
 * Output: whether the claim still stands, and nobody asked the job to stop.
 */
export async function saveCheckpoint (sql: Sql, tables: Tables, { id, fence, value }: { id: string, fence: number, value: unknown }): Promise<boolean> {
  const rows = await sql.query(`
    UPDATE ${tables.job} SET checkpoint = $3, progressed_at = now(), touched_at = now()
    WHERE id = $1 AND fence = $2 AND status = 'running' RETURNING 1`, [id, fence, JSON.stringify(value)])
  return rows.length > 0
}
