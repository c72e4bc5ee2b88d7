import type { Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'
import type { JobStatus } from '../../../schemas/job.ts'

/**
 * The heartbeat. Input: the claim, and whether its work has moved since the last one (a job in one transaction commits
 * nothing on the way that would tell). Output: what the job's status asks of its worker; undefined when the claim is lost.
 */
export async function renewLease (
  sql: Sql, tables: Tables, { id, fence, leaseMs, moved }: { id: string, fence: number, leaseMs: number, moved: boolean }
): Promise<JobStatus | undefined> {
  const [row] = await sql.query<{ status: JobStatus }>(`
    UPDATE ${tables.job} SET lease = now() + $3 * interval '1 ms', touched_at = now(),
      progressed_at = CASE WHEN $4 THEN now() ELSE progressed_at END
    WHERE id = $1 AND fence = $2 AND status IN ('running', 'pausing', 'cancelling')
    RETURNING status`, [id, fence, leaseMs, moved])
  return row?.status
}
