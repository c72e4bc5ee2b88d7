import type { Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'

/** Deletes what was told about these jobs; unknown ones are passed over. */
export async function forgetProgress (sql: Sql, tables: Tables, jobIds: readonly string[]): Promise<void> {
  await sql.query(`DELETE FROM ${tables.liveProgress} WHERE job_id = ANY($1::uuid[])`, [jobIds])
}
