import type { Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'
import { pendingStatuses } from '../../engine/states.ts'
import { mayTake, statusIn } from './status-sql.ts'

/**
 * Withdraws a job that was never enqueued. Output: whether it was still untouched; false means that a worker
 * (a sweep, a worker) has seen it, and it will be done.
 */
export async function withdrawJob (sql: Sql, tables: Tables, id: string): Promise<boolean> {
  const rows = await sql.query(`
    WITH withdrawn AS (
      DELETE FROM ${tables.job} WHERE id = $1 AND ${mayTake('withdraw')} AND fence = 0 RETURNING id, selection_id
    ), released AS (
      DELETE FROM ${tables.chunk} USING withdrawn WHERE ${tables.chunk}.selection_id = withdrawn.selection_id
    ), untold AS (
      DELETE FROM ${tables.outbox} USING withdrawn WHERE job_id = withdrawn.id
    )
    SELECT 1 FROM withdrawn`, [id])
  return rows.length > 0
}

/**
 * The jobs of a user that no worker has: queued ones, and those that wait for records.
 * Input: the user; where the counting may stop. The index is a partial one: what has begun or ended costs nothing here.
 */
export async function countQueuedJobs (sql: Sql, tables: Tables, { userId, atMost }: { userId: string, atMost: number }): Promise<number> {
  const [row] = await sql.query<{ count: number }>(`
    SELECT count(*)::int AS count FROM (
      SELECT FROM ${tables.job} WHERE created_by_id = $1 AND ${statusIn(pendingStatuses)} LIMIT $2
    ) AS queued`, [userId, atMost])
  return row!.count
}

/**
 * Lets one retry of a task launch at a time. The job has ended: nothing else locks its row.
 * Output: whether the job is still there, and the retry that there is already, whatever became of it.
 */
export async function lockRetriedJob (sql: Sql, tables: Tables, id: string): Promise<{ isThere: boolean, retry: string | undefined }> {
  const found = await sql.query(`SELECT 1 FROM ${tables.job} WHERE id = $1 FOR UPDATE`, [id])
  const [retry] = await sql.query<{ id: string }>(`SELECT id FROM ${tables.job} WHERE retry_of = $1 LIMIT 1`, [id])
  return { isThere: found.length > 0, retry: retry?.id }
}

/**
 * Lets one undo of a job launch at a time. The job has ended: nothing else locks its row.
 * Output: the undo that lives or has been done, if there is one.
 */
export async function lockUndoneJob (sql: Sql, tables: Tables, id: string): Promise<string | undefined> {
  await sql.query(`SELECT 1 FROM ${tables.job} WHERE id = $1 FOR UPDATE`, [id])
  const [undo] = await sql.query<{ id: string }>(`
    SELECT id FROM ${tables.job}
    WHERE undo_of = $1 AND (finished_at IS NULL OR ${statusIn(['succeeded', 'completed_with_errors'])}) LIMIT 1`, [id])
  return undo?.id
}
