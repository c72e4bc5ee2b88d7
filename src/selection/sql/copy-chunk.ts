import type { Sql } from '../../database/sql.ts'
import type { KeyKind, Tables } from '../../database/tables.ts'

/**
 * Freezes some records of another selection's chunk as a chunk with the same number.
 *
 * Input: the chunk, places within it from 1. Output: how many records it has.
 */
export async function copyChunk (
  sql: Sql, tables: Tables,
  { kind, from, to, no, places, living }: { kind: KeyKind, from: string, to: string, no: number, places: readonly number[], living: boolean }
): Promise<number> {
  const chunk = tables.chunkOf[kind]
  const [row] = await sql.query<{ size: number }>(`
    INSERT INTO ${chunk} (selection_id, no, root, living, size, ord, keys, first, last)
    SELECT $2, source.no, source.root, $5, count(*), array_agg(e.ord ORDER BY e.key), array_agg(e.key ORDER BY e.key),
      (array_agg(e.key ORDER BY e.key))[1], (array_agg(e.key ORDER BY e.key DESC))[1]
    FROM ${chunk} source
    CROSS JOIN LATERAL unnest(source.keys, source.ord) WITH ORDINALITY AS e (key, ord, place)
    WHERE source.selection_id = $1 AND source.no = $3 AND e.place = ANY($4::int[])
    GROUP BY source.no, source.root
    RETURNING size`, [from, to, no, places, living])
  return row?.size ?? 0
}
