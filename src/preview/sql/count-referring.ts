import { quote, type Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'
import type { Resource } from '../../resources/resource.ts'
import type { Referrer } from './read-referrers.ts'

/** How many records refer, by one foreign key, to those of a chunk. */
export async function countReferring (
  sql: Sql, tables: Tables, { table, key }: Resource, { selectionId, no, referrer }: { selectionId: string, no: number, referrer: Referrer }
): Promise<number> {
  const joined = referrer.columns.map((column, index) => `r.${quote(column)} = t.${quote(referrer.referenced[index]!)}`).join(' AND ')
  const keys = `(SELECT keys FROM ${tables.chunkOf[key.kind]} WHERE selection_id = $1 AND no = $2)`
  const [row] = await sql.query<{ count: number }>(`
    SELECT count(*)::int AS count FROM ${referrer.table} r
    WHERE EXISTS (SELECT 1 FROM ${table} t WHERE ${joined} AND ${key.among('t', keys)})`, [selectionId, no])
  return row!.count
}
