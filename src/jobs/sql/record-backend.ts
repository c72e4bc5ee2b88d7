import type { Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'

/**
 * Keeps which database backend works for a claim, so that the next claim can end it. Runs on another connection than
 * the one that it names: the job row must not be locked while rows are being written.
 * Output: whether the claim still stands.
 */
export async function recordBackend (
  sql: Sql, tables: Tables, { id, fence, pid, start }: { id: string, fence: number, pid: number, start: Date }
): Promise<boolean> {
  const rows = await sql.query(`
    UPDATE ${tables.job} SET backend_pid = $3, backend_start = $4 WHERE id = $1 AND fence = $2 RETURNING 1`, [id, fence, pid, start])
  return rows.length > 0
}
