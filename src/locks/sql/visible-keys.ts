import type { Sql } from '../../database/sql.ts'
import type { RecordKey } from '../../resources/record-key.ts'

/** Which of some stored keys are among the rows of a SELECT. */
export async function visibleKeys (sql: Sql, { key, rows, keys }: { key: RecordKey, rows: string, keys: readonly string[] }): Promise<string[]> {
  const found = await sql.query<{ key: string }>(`
    SELECT (${key.stored('e')})::text AS key FROM (${rows}) e WHERE ${key.among('e', `$1::${key.kind}[]`)}`, [keys])
  return found.map((row) => row.key)
}
