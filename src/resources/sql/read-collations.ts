import { quote, type Sql } from '../../database/sql.ts'

/**
 * The collations of a table's text columns.
 *
 * Input: the quoted table. Output: quoted collation by column name; empty when the table does not exist (yet), which
 * means the database's default everywhere.
 */
export async function readCollations (sql: Sql, table: string): Promise<Map<string, string>> {
  const rows = await sql.query<{ column: string, schema: string, collation: string }>(`
    SELECT a.attname AS "column", n.nspname AS schema, c.collname AS collation
    FROM pg_attribute a
    JOIN pg_collation c ON c.oid = a.attcollation
    JOIN pg_namespace n ON n.oid = c.collnamespace
    WHERE a.attrelid = to_regclass($1) AND a.attnum > 0`, [table])
  return new Map(rows.map(({ column, schema, collation }) => [column, `${quote(schema)}.${quote(collation)}`]))
}
