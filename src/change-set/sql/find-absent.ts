import type { Sql } from '../../database/sql.ts'

/**
 * Which of some keys no row has.
 *
 * Input: a SELECT of the rows that may be referred to; the columns of their key, quoted, with the cast that makes each
 * of text; the keys, each as the list of its parts.
 * Output: places in the list of keys, from 1.
 */
export async function findAbsent (
  sql: Sql, { rows, columns, keys }: { rows: string, columns: readonly { column: string, cast: string }[], keys: readonly (readonly unknown[])[] }
): Promise<number[]> {
  const isIt = columns.map(({ column, cast }, index) => `found.${column} = (k.parts ->> ${index})${cast}`).join(' AND ')
  const absent = await sql.query<{ place: number }>(`
    SELECT k.place::int AS place
    FROM jsonb_array_elements($1::jsonb) WITH ORDINALITY AS k (parts, place)
    WHERE NOT EXISTS (SELECT 1 FROM (${rows}) AS found WHERE ${isIt})
    ORDER BY k.place`, [JSON.stringify(keys)])
  return absent.map(({ place }) => place)
}
