import type { Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'

/** The queue has heard of a job: it is certain that it was made, and its events may be told. */
export async function releaseEvents (sql: Sql, tables: Tables, jobId: string): Promise<void> {
  await sql.query(`UPDATE ${tables.outbox} SET due_at = now() WHERE job_id = $1 AND attempts = 0 AND due_at > now()`, [jobId])
}
