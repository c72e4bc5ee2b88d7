import type { Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'

/**
 * Lets one retry of a task launch at a time. The job has ended: nobody else wants its row.
 * Output: whether the job is still there, and the retry that there is already, whatever became of it.
 */
export async function lockRetriedJob (sql: Sql, tables: Tables, id: string): Promise<{ isThere: boolean, retry: string | undefined }> {
  const found = await sql.query(`SELECT 1 FROM ${tables.job} WHERE id = $1 FOR UPDATE`, [id])
  const [retry] = await sql.query<{ id: string }>(`SELECT id FROM ${tables.job} WHERE retry_of = $1 LIMIT 1`, [id])
  return { isThere: found.length > 0, retry: retry?.id }
}
