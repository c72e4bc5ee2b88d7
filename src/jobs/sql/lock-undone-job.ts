import type { Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'

/**
 * Lets one undo of a job launch at a time. The job has ended: nobody else wants its row.
 * Output: the undo that lives or has been done, if there is one.
 */
export async function lockUndoneJob (sql: Sql, tables: Tables, id: string): Promise<string | undefined> {
  await sql.query(`SELECT 1 FROM ${tables.job} WHERE id = $1 FOR UPDATE`, [id])
  const [undo] = await sql.query<{ id: string }>(`
    SELECT id FROM ${tables.job}
    WHERE undo_of = $1 AND (finished_at IS NULL OR status IN ('succeeded', 'completed_with_errors')) LIMIT 1`, [id])
  return undo?.id
}
