import type { Sql } from '../../database/sql.ts'
import { type Tables, type KeyKind, keyKinds } from '../../database/tables.ts'
import { mayTake } from '../store/status-sql.ts'
import { overlaps } from './conflicts.ts'

/** Marks a selection as waiting for its records instead of holding them. */
export async function setWaiting (sql: Sql, tables: Tables, selectionId: string): Promise<void> {
  await sql.query(`UPDATE ${tables.chunk} SET living = false, in_line = true WHERE selection_id = $1 AND living`, [selectionId])
}

/** Its turn has come: the selection holds its records. */
export async function setHeld (sql: Sql, tables: Tables, selectionId: string): Promise<void> {
  await sql.query(`UPDATE ${tables.chunk} SET living = true, in_line = false WHERE selection_id = $1 AND in_line`, [selectionId])
}

/**
 * Whether a waiting selection still has to wait on one root: another job holds one of its records, or waits for
 * one with a smaller ticket. A statement of its own after `lockRoots`.
 */
export async function hasOverlap (
  sql: Sql, tables: Tables,
  { kind, selectionId, root, ticket }: { kind: KeyKind, selectionId: string, root: string, ticket: string }
): Promise<boolean> {
  const ahead = `(theirs.living OR theirs.selection_id IN (SELECT selection_id FROM ${tables.job} WHERE ${mayTake('grant')} AND ticket < $3))`
  const [row] = await sql.query<{ overlap: boolean }>(`
    SELECT EXISTS (${overlaps(tables, kind, ahead)}) AS overlap`, [selectionId, root, ticket])
  return row!.overlap
}

export interface WaitingJob {
  id: string
  selection_id: string
  ticket: string
  n: number
  /** On which root tables, and with which kind of key, it waits. */
  roots: { root: string, kind: KeyKind }[]
}

/**
 * The next waiting job whose records are free, in the order of tickets. Read without locks: a grant checks
 * again, also for the jobs before it. One statement, however many jobs wait, since every end of a job runs it.
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
    WHERE ${mayTake('grant', 'job.status')} AND job.ticket > $1 AND NOT (${isHeld.join(' OR ')})
    ORDER BY job.ticket
    LIMIT 1`, [after])
  return row
}
