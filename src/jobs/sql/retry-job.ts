import type { Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'

/**
 * Puts a task back into the queue, to be tried again after a while, under a new delivery number: the queue knows the old
 * one as active, and would ignore it.
 *
 * Input: the claim, whether the handler failed (what is only interrupted does not count), the rest in milliseconds.
 * Output: the new delivery number; undefined when somebody else has the job, or asked something of it.
 */
export async function retryJob (
  sql: Sql, tables: Tables, { id, fence, failed, restMs }: { id: string, fence: number, failed: boolean, restMs: number }
): Promise<number | undefined> {
  const [row] = await sql.query<{ n: number }>(`
    UPDATE ${tables.job}
    SET status = 'queued', n = n + 1, failures = failures + $3::int, run_after = now() + $4 * interval '1 ms',
      lease = NULL, worker = NULL, backend_pid = NULL, backend_start = NULL, touched_at = now()
    WHERE id = $1 AND fence = $2 AND status = 'running'
    RETURNING n`, [id, fence, failed ? 1 : 0, restMs])
  return row?.n
}
