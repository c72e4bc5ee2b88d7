import type { Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'
import type { JobStatus } from '../../../schemas/job.ts'
import type { JobCounts } from '../../engine/job-row.ts'
import { claimedStatuses, transitions } from '../../engine/states.ts'
import { statusIn } from './status-sql.ts'

/**
 * The fence: the last statement before a chunk's COMMIT. The job row is locked only for this instant.
 *
 * A chunk that was begun is committed also where its worker was asked to stop in the meantime.
 *
 * Input: the claim, what the chunk adds.
 * Output: the status it commits under; undefined when it must be rolled back.
 */
export async function commitCounts (
  sql: Sql, tables: Tables,
  { id, fence, counts }: { id: string, fence: number, counts: Omit<JobCounts, 'total'> }
): Promise<JobStatus | undefined> {
  const [row] = await sql.query<{ status: JobStatus }>(`
    UPDATE ${tables.job}
    SET succeeded = succeeded + $3, unchanged = unchanged + $4, missing = missing + $5, skipped = skipped + $6, failed = failed + $7,
      progressed_at = clock_timestamp(), touched_at = clock_timestamp()
    WHERE id = $1 AND fence = $2 AND ${statusIn(claimedStatuses)}
    RETURNING status`, [id, fence, counts.succeeded, counts.unchanged, counts.missing, counts.skipped, counts.failed])
  return row?.status
}

/**
 * Keeps from where a task can go on: the last statement before the COMMIT of what it has written so far, and its fence.
 * Output: whether the claim is still valid, and no cancel or pause was requested.
 */
export async function saveCheckpoint (sql: Sql, tables: Tables, { id, fence, value }: { id: string, fence: number, value: unknown }): Promise<boolean> {
  const rows = await sql.query(`
    UPDATE ${tables.job} SET checkpoint = $3, progressed_at = clock_timestamp(), touched_at = clock_timestamp()
    WHERE id = $1 AND fence = $2 AND ${statusIn(transitions.finishInOneTransaction.from)} RETURNING 1`, [id, fence, JSON.stringify(value)])
  return rows.length > 0
}
