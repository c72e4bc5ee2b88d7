import type { Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'
import type { Refusal } from '../../write/writer.ts'

/** Notes the record that ended a job, on a chunk that stays undone: the rest of it is unprocessed. */
export async function blameRow (sql: Sql, tables: Tables, { jobId, no, refusal }: { jobId: string, no: number, refusal: Refusal }): Promise<void> {
  await sql.query(`UPDATE ${tables.jobChunk} SET refused = $3 WHERE job_id = $1 AND no = $2`, [jobId, no, JSON.stringify([refusal])])
}
