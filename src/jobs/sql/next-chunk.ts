import type { Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'

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
