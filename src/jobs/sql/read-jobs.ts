import type { Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'
import type { JobRow } from '../job-row.ts'

/** The rows of some jobs, in no order; those that are gone are left out. */
export async function readJobs (sql: Sql, tables: Tables, ids: readonly string[]): Promise<JobRow[]> {
  return sql.query<JobRow>(`SELECT * FROM ${tables.job} WHERE id = ANY($1::uuid[])`, [ids])
}
