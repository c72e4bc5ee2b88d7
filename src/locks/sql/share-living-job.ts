import type { JobStatus } from '../../../schemas/job.ts'
import type { Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'

/**
 * Keeps a job from ending until the transaction is over. Only for short transactions that are not the job's own: its row
 * is what heartbeats and chunks write.
 *
 * Input: the job, and the claim that must still stand (undefined: any). Output: undefined when it has ended, or is another
 * worker's.
 */
export async function shareLivingJob (
  sql: Sql, tables: Tables, { id, fence }: { id: string, fence: number | undefined }
): Promise<{ selection_id: string, status: JobStatus } | undefined> {
  const [row] = await sql.query<{ selection_id: string, status: JobStatus }>(`
    SELECT selection_id, status FROM ${tables.job}
    WHERE id = $1 AND ($2::int IS NULL OR fence = $2) AND finished_at IS NULL
    FOR SHARE`, [id, fence ?? null])
  return row
}
