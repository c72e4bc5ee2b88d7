import type { Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'

/** One pending row per chunk of the job's own selection; locks on other root tables have no work to do. */
export async function insertJobChunks (sql: Sql, tables: Tables, { jobId, selectionId, root }: { jobId: string, selectionId: string, root: string }): Promise<void> {
  await sql.query(`
    INSERT INTO ${tables.jobChunk} (job_id, no)
    SELECT $1, no FROM ${tables.chunk} WHERE selection_id = $2 AND root = $3`, [jobId, selectionId, root])
}
