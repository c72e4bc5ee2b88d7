import type { Sql } from '../../database/sql.ts'
import type { KeyKind, Tables } from '../../database/tables.ts'
import { overlaps } from './overlaps.ts'

/**
 * Whether a waiting selection still has to wait on one root: somebody holds one of its records, or stands in line for
 * one with a smaller ticket. A statement of its own after `lockRoots`.
 */
export async function hasOverlap (
  sql: Sql, tables: Tables,
  { kind, selectionId, root, ticket }: { kind: KeyKind, selectionId: string, root: string, ticket: string }
): Promise<boolean> {
  const ahead = `(theirs.living OR theirs.selection_id IN (SELECT selection_id FROM ${tables.job} WHERE status = 'waiting' AND ticket < $3))`
  const [row] = await sql.query<{ overlap: boolean }>(`
    SELECT EXISTS (${overlaps(tables, kind, ahead)}) AS overlap`, [selectionId, root, ticket])
  return row!.overlap
}
