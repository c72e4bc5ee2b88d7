import type { RowOutcome } from '../../../schemas/results.ts'
import type { Sql } from '../../database/sql.ts'
import type { KeyKind, Tables } from '../../database/tables.ts'
import type { ChunkResult } from '../store/chunks.ts'

/** A chunk's records, and what became of them. */
export interface ChunkOutcome extends ChunkResult {
  no: number
  /** Stored keys, sorted, and each one's place in the user's selection. */
  keys: string[]
  ord: number[]
  /** The versions that they were selected with, where they were. */
  versions: string[] | null
  state: 'pending' | 'done'
}

/** Chunks that cannot have such an outcome are passed over without being read. */
const mayHave: Readonly<Record<RowOutcome, string>> = {
  succeeded: "work.state = 'done' AND chunk.excluded IS NULL",
  unchanged: 'work.unchanged IS NOT NULL',
  missing: 'work.missing IS NOT NULL',
  skipped: 'work.refused IS NOT NULL',
  failed: 'work.refused IS NOT NULL',
  unprocessed: "work.state = 'pending'"
}

/**
 * The next chunk of a job's selection, from number `from` on, that may have records of an outcome (undefined: any).
 * Output: undefined when there is none.
 */
export async function readChunkOutcome (
  sql: Sql, tables: Tables,
  { kind, jobId, selectionId, from, outcome }: { kind: KeyKind, jobId: string, selectionId: string, from: number, outcome: RowOutcome | undefined }
): Promise<ChunkOutcome | undefined> {
  const [row] = await sql.query<ChunkOutcome>(`
    SELECT work.no, chunk.keys::text[] AS keys, chunk.ord, chunk.versions, work.state, work.unchanged, work.missing, work.refused
    FROM ${tables.jobChunk} work
    JOIN ${tables.chunkOf[kind]} chunk ON chunk.selection_id = $2 AND chunk.no = work.no
    WHERE work.job_id = $1 AND work.no >= $3 ${outcome === undefined ? '' : `AND ${mayHave[outcome]}`}
    ORDER BY work.no
    LIMIT 1`, [jobId, selectionId, from])
  return row
}
