import type { Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'
import type { JobStatus } from '../../../schemas/job.ts'

/** The heartbeat. Output: what the job's status asks of its worker; undefined when the claim is lost. */
export async function renewLease (
  sql: Sql, tables: Tables, { id, fence, leaseMs }: { id: string, fence: number, leaseMs: number }
): Promise<JobStatus | undefined> {
  const [row] = await sql.query<{ status: JobStatus }>(`
    UPDATE ${tables.job} SET lease = now() + $3 * interval '1 ms', touched_at = now()
    WHERE id = $1 AND fence = $2 AND status IN ('running', 'pausing', 'cancelling')
    RETURNING status`, [id, fence, leaseMs])
  return row?.status
}
