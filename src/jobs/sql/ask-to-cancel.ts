import type { Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'
import type { JobRow } from '../job-row.ts'

/** Asks the worker of a job to stop; its lease stays. Output: undefined when nobody works on the job (any more). */
export async function askToCancel (sql: Sql, tables: Tables, id: string): Promise<JobRow | undefined> {
  const [row] = await sql.query<JobRow>(`
    UPDATE ${tables.job} SET status = 'cancelling', touched_at = now()
    WHERE id = $1 AND status IN ('running', 'pausing') RETURNING *`, [id])
  return row
}
