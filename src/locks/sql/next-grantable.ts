import type { Sql } from '../../database/sql.ts'
import { keyKinds, type KeyKind, type Tables } from '../../database/tables.ts'
import { overlaps } from './overlaps.ts'

export interface WaitingJob {
  id: string
  selection_id: string
  ticket: string
  n: number
  /** On which root tables, and with which kind of key, it stands in line. */
  roots: { root: string, kind: KeyKind }[]
}

/**
 * The next waiting job whose records nobody holds, in the order of tickets. Only a look, without locks: whoever grants it looks
 * again, also for those that stand before it. In one statement, since everybody who ends a job asks, however many wait.
 *
 * Input: the ticket after which to look.
 */
export async function nextGrantable (sql: Sql, tables: Tables, after: string): Promise<WaitingJob | undefined> {
  const isHeld = keyKinds.map((kind) => `EXISTS (${overlaps(tables, kind, 'theirs.living', { selection: 'job.selection_id', root: 'own.root' })})`)
  const [row] = await sql.query<WaitingJob>(`
    SELECT job.id, job.selection_id, job.ticket, job.n, coalesce(line.roots, '[]') AS roots
    FROM ${tables.job} job
    LEFT JOIN LATERAL (
      SELECT jsonb_agg(DISTINCT jsonb_build_object('root', chunk.root, 'kind', substring(kind.relname FROM '^chunk_(.*)$'))) AS roots
      FROM ${tables.chunk} chunk
      JOIN pg_class kind ON kind.oid = chunk.tableoid
      WHERE chunk.selection_id = job.selection_id AND chunk.in_line
    ) line ON true
    WHERE job.status = 'waiting' AND job.ticket > $1 AND NOT (${isHeld.join(' OR ')})
    ORDER BY job.ticket
    LIMIT 1`, [after])
  return row
}
