import type { Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'
import type { Refusal } from '../../write/writer.ts'

export interface ChunkResult {
  /** Places within the chunk, from 1; null where there are none. */
  unchanged: number[] | null
  missing: number[] | null
  refused: Refusal[] | null
}

/**
 * Writes what became of a chunk, by compare-and-set from `pending`: a chunk is done once, or not at all.
 * Output: whether it was pending.
 */
export async function completeChunk (
  sql: Sql, tables: Tables, { jobId, no, result }: { jobId: string, no: number, result: ChunkResult }
): Promise<boolean> {
  const rows = await sql.query(`
    UPDATE ${tables.jobChunk} SET state = 'done', unchanged = $3, missing = $4, refused = $5, done_at = now()
    WHERE job_id = $1 AND no = $2 AND state = 'pending'
    RETURNING 1`, [jobId, no, result.unchanged, result.missing, result.refused === null ? null : JSON.stringify(result.refused)])
  return rows.length > 0
}
