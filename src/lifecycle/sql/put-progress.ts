import type { Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'
import type { KeptEvent } from '../event.ts'

/**
 * Puts how far a job is into the outbox: in the place of what was told before and nobody has heard yet, and only while
 * the claim stands. The job's row is shared until then, so that the end of the job comes after its progress, or instead.
 */
export async function putProgress (
  sql: Sql, tables: Tables, { id, jobId, fence, kept }: { id: string, jobId: string, fence: number, kept: KeptEvent }
): Promise<void> {
  await sql.query(`
    WITH living AS MATERIALIZED (
      SELECT FROM ${tables.job} WHERE id = $2 AND fence = $3 AND finished_at IS NULL FOR SHARE
    ), renewed AS (
      UPDATE ${tables.outbox} SET payload = $4
      WHERE job_id = $2 AND event = 'progress' AND attempts = 0 AND EXISTS (SELECT FROM living) RETURNING 1
    )
    INSERT INTO ${tables.outbox} (id, job_id, event, payload)
    SELECT $1, $2, 'progress', $4 FROM living WHERE NOT EXISTS (SELECT FROM renewed)`, [id, jobId, fence, JSON.stringify(kept)])
}
