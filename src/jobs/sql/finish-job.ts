import type { Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'
import type { JobStatus, TerminalStatus } from '../../../schemas/job.ts'
import { withInstants, type JobCounts, type JobRow } from '../job-row.ts'

export interface JobEnd {
  status: TerminalStatus
  error: { code: string, message: string, rowCode?: string } | null
  /** What became of the records; undefined: as counted so far. */
  counts?: Omit<JobCounts, 'total'>
  result?: unknown
}

/**
 * Ends a job: its last statement, and (under `rollback`) the fence of its one transaction.
 *
 * Input: the claim (a fence of undefined: whoever holds it, for those who end a job from outside), the end, and the
 * statuses from which it may come. Output: the ended job; undefined when somebody else has it, or ended it.
 */
export async function finishJob (
  sql: Sql, tables: Tables,
  { id, fence, end, from }: { id: string, fence: number | undefined, end: JobEnd, from: readonly JobStatus[] }
): Promise<JobRow | undefined> {
  const { counts } = end
  const [row] = await sql.query<JobRow>(`
    UPDATE ${tables.job}
    SET status = $4, error_code = $5, error_message = $6, error_row_code = $7, result = $8,
      succeeded = coalesce($9, succeeded), unchanged = coalesce($10, unchanged), missing = coalesce($11, missing),
      skipped = coalesce($12, skipped), failed = coalesce($13, failed),
      finished_at = now(), touched_at = now(), lease = NULL, worker = NULL, backend_pid = NULL, backend_start = NULL
    WHERE id = $1 AND ($2::int IS NULL OR fence = $2) AND status = ANY($3)
    RETURNING *`, [
    id, fence ?? null, from, end.status, end.error?.code ?? null, end.error?.message ?? null, end.error?.rowCode ?? null,
    end.result === undefined ? null : JSON.stringify(end.result),
    counts?.succeeded ?? null, counts?.unchanged ?? null, counts?.missing ?? null, counts?.skipped ?? null, counts?.failed ?? null
  ])
  return row && withInstants(row)
}
