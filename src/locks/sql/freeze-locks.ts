import type { Sql } from '../../database/sql.ts'
import type { KeyKind, Tables } from '../../database/tables.ts'

/**
 * Adds keys to a selection as a living chunk behind the ones that it has: locks without work.
 * Input: sorted stored keys. Whoever calls this has the root's advisory lock.
 */
export async function freezeLocks (
  sql: Sql, tables: Tables, { kind, root, selectionId, keys }: { kind: KeyKind, root: string, selectionId: string, keys: readonly string[] }
): Promise<void> {
  await sql.query(`
    INSERT INTO ${tables.chunkOf[kind]} (selection_id, no, root, living, size, keys, first, last)
    SELECT $1, (SELECT coalesce(max(no), -1) + 1 FROM ${tables.chunk} WHERE selection_id = $1), $2, true,
      cardinality($3::${kind}[]), $3, $3[1], $3[cardinality($3::${kind}[])]`, [selectionId, root, keys])
}
