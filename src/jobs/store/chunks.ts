import type { Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'
import type { Refusal } from '../../engine/writer.ts'

export interface ChunkToDo {
  no: number
  size: number
  /** Why there is nothing to write, known since the launch: the records were not there, or another job had locked them. */
  excluded: 'missing' | 'locked' | null
  /** Whether the records were given with the versions that they were read with. */
  versioned: boolean
}

/** The first chunk after number `after` that has no outcome yet. */
export async function nextChunk (
  sql: Sql, tables: Tables, { jobId, selectionId, after }: { jobId: string, selectionId: string, after: number }
): Promise<ChunkToDo | undefined> {
  const [row] = await sql.query<ChunkToDo>(`
    SELECT work.no, chunk.size, chunk.excluded, chunk.versions IS NOT NULL AS versioned
    FROM ${tables.jobChunk} work
    JOIN ${tables.chunk} chunk ON chunk.selection_id = $2 AND chunk.no = work.no
    WHERE work.job_id = $1 AND work.state = 'pending' AND work.no > $3
    ORDER BY work.no
    LIMIT 1`, [jobId, selectionId, after])
  return row
}

/** One pending row per chunk of the job's own selection; locks on other root tables have no work to do. */
export async function insertJobChunks (sql: Sql, tables: Tables, { jobId, selectionId, root }: { jobId: string, selectionId: string, root: string }): Promise<void> {
  await sql.query(`
    INSERT INTO ${tables.jobChunk} (job_id, no)
    SELECT $1, no FROM ${tables.chunk} WHERE selection_id = $2 AND root = $3`, [jobId, selectionId, root])
}

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
    UPDATE ${tables.jobChunk} SET state = 'done', unchanged = $3, missing = $4, refused = $5, done_at = clock_timestamp()
    WHERE job_id = $1 AND no = $2 AND state = 'pending'
    RETURNING 1`, [jobId, no, result.unchanged, result.missing, result.refused === null ? null : JSON.stringify(result.refused)])
  return rows.length > 0
}

/** Notes the record that ended a job, on a chunk that stays undone: the rest of it is unprocessed. */
export async function blameRow (sql: Sql, tables: Tables, { jobId, no, refusal }: { jobId: string, no: number, refusal: Refusal }): Promise<void> {
  await sql.query(`UPDATE ${tables.jobChunk} SET refused = $3 WHERE job_id = $1 AND no = $2`, [jobId, no, JSON.stringify([refusal])])
}
