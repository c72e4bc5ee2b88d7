import type { Sql } from '../../database/sql.ts'
import type { KeyKind, Tables } from '../../database/tables.ts'

export interface FrozenChunk {
  no: number
  size: number
  /** Stored keys, sorted, and each one's place in the user's selection. */
  keys: string[]
  ord: number[]
  /** Whether they were selected with the versions that they were read with. */
  versioned: boolean
}

/** The next chunk of a selection that has something to write, after number `after`. */
export async function readFrozenChunk (
  sql: Sql, tables: Tables, { kind, selectionId, after }: { kind: KeyKind, selectionId: string, after: number }
): Promise<FrozenChunk | undefined> {
  const [row] = await sql.query<FrozenChunk>(`
    SELECT no, size, keys::text[] AS keys, ord, versions IS NOT NULL AS versioned FROM ${tables.chunkOf[kind]}
    WHERE selection_id = $1 AND no > $2 AND excluded IS NULL ORDER BY no LIMIT 1`, [selectionId, after])
  return row
}
