import type { Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'
import type { JobRow } from '../job-row.ts'

/** A job by its id. */
export async function readJob (sql: Sql, tables: Tables, id: string): Promise<JobRow | undefined> {
  const [row] = await sql.query<JobRow>(`SELECT * FROM ${tables.job} WHERE id = $1`, [id])
  return row
}
