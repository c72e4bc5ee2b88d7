import { quote, type Sql } from '../../database/sql.ts'

/** A foreign key that refers to a table. */
export interface Referrer {
  /** Quoted name of the table that refers, and that name for people. */
  table: string
  name: string
  columns: string[]
  /** The columns that it refers to, in the same order. */
  referenced: string[]
  /** As PostgreSQL keeps it: a no action, r restrict, c cascade, n set null, d set default. */
  action: 'a' | 'r' | 'c' | 'n' | 'd'
}

/** The foreign keys that refer to a (quoted) table. */
export async function readReferrers (sql: Sql, table: string): Promise<Referrer[]> {
  const rows = await sql.query<{ schema: string, name: string, columns: string[], referenced: string[], action: Referrer['action'] }>(`
    SELECT n.nspname AS schema, c.relname AS name, f.confdeltype AS action,
      (SELECT array_agg(a.attname::text ORDER BY k.place) FROM unnest(f.conkey) WITH ORDINALITY AS k (attnum, place)
        JOIN pg_attribute a ON a.attrelid = f.conrelid AND a.attnum = k.attnum) AS columns,
      (SELECT array_agg(a.attname::text ORDER BY k.place) FROM unnest(f.confkey) WITH ORDINALITY AS k (attnum, place)
        JOIN pg_attribute a ON a.attrelid = f.confrelid AND a.attnum = k.attnum) AS referenced
    FROM pg_constraint f
    JOIN pg_class c ON c.oid = f.conrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE f.contype = 'f' AND f.confrelid = to_regclass($1) AND f.conparentid = 0
    ORDER BY c.relname, f.conname`, [table])
  return rows.map(({ schema, ...referrer }) => ({ ...referrer, table: `${quote(schema)}.${quote(referrer.name)}` }))
}
