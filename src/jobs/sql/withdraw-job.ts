import type { Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'

/**
 * Takes back a job that the queue never heard of. Output: whether it was still untouched; false means that somebody
 * (a sweep, a worker) has seen it, and it will be done.
 */
export async function withdrawJob (sql: Sql, tables: Tables, id: string): Promise<boolean> {
  const rows = await sql.query(`
    WITH withdrawn AS (
      DELETE FROM ${tables.job} WHERE id = $1 AND status = 'queued' AND fence = 0 RETURNING id, selection_id
    ), released AS (
      DELETE FROM ${tables.chunk} USING withdrawn WHERE ${tables.chunk}.selection_id = withdrawn.selection_id
    ), untold AS (
      DELETE FROM ${tables.outbox} USING withdrawn WHERE job_id = withdrawn.id
    )
    SELECT 1 FROM withdrawn`, [id])
  return rows.length > 0
}
