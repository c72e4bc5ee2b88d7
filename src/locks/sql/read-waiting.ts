import type { Sql } from '../../database/sql.ts'
import type { KeyKind, Tables } from '../../database/tables.ts'

export interface WaitingJob {
  id: string
  selection_id: string
  ticket: string
  n: number
  /** On which root tables, and with which kind of key, it stands in line. */
  roots: { root: string, kind: KeyKind }[]
}

/** The jobs that wait for records, the longest waiting first. */
export async function readWaiting (sql: Sql, tables: Tables): Promise<WaitingJob[]> {
  return sql.query<WaitingJob>(`
    SELECT job.id, job.selection_id, job.ticket, job.n, coalesce(line.roots, '[]') AS roots
    FROM ${tables.job} job
    LEFT JOIN LATERAL (
      SELECT jsonb_agg(DISTINCT jsonb_build_object('root', chunk.root, 'kind', substring(kind.relname FROM '^chunk_(.*)$'))) AS roots
      FROM ${tables.chunk} chunk
      JOIN pg_class kind ON kind.oid = chunk.tableoid
      WHERE chunk.selection_id = job.selection_id AND chunk.in_line
    ) line ON true
    WHERE job.status = 'waiting'
    ORDER BY job.ticket`)
}
