import type { KeyKind, Tables } from '../../database/tables.ts'

/** SQL: a selection, and one of its roots. */
interface Own {
  readonly selection: string
  readonly root: string
}

const ofParameters: Own = { selection: '$1', root: '$2' }

/**
 * SQL: the records of own chunks that others hold or stand in line for, as rows (no, key, selection_id). `theirs` says
 * which chunks of others count. Parameters, unless told otherwise: $1 the own selection, $2 its root.
 *
 * Pairs of chunks are found by their ranges in the partial index, and only these are intersected.
 */
export function overlaps (tables: Tables, kind: KeyKind, theirs: string, { selection, root }: Own = ofParameters): string {
  const chunk = tables.chunkOf[kind]
  return `
      SELECT own.no, shared.key, theirs.selection_id
      FROM ${chunk} own
      JOIN ${chunk} theirs ON (theirs.living OR theirs.in_line) AND ${theirs} AND theirs.root = own.root
        AND theirs.selection_id <> own.selection_id AND theirs.first <= own.last AND theirs.last >= own.first
      CROSS JOIN LATERAL (SELECT unnest(own.keys) INTERSECT SELECT unnest(theirs.keys)) AS shared (key)
      WHERE own.selection_id = ${selection} AND own.root = ${root} AND own.excluded IS NULL`
}
