import { quote, type Sql } from '../../database/sql.ts'

/** A column as the database has it, which may be more than the metadata tells. */
export interface TableColumn {
  name: string
  /** As it can stand in a cast, with its length: `character varying(40)`, or the name of an enum. */
  type: string
  /** Quoted; only types that are collated have one. */
  collation: string | null
  /** Whether text can be sought in it as it is; PostgreSQL refuses that where a collation takes different texts for the same. */
  searchable: boolean
  /** Computed by the database; nobody can write it. */
  generated: boolean
}

/**
 * The columns of a table, by name, in their order.
 *
 * Input: the quoted table. Output: empty when the table does not exist (yet).
 */
export async function readColumns (sql: Sql, table: string): Promise<Map<string, TableColumn>> {
  const rows = await sql.query<{ name: string, type: string, schema: string | null, collation: string | null, searchable: boolean, generated: boolean }>(`
    SELECT a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type, n.nspname AS schema, c.collname AS collation,
      coalesce(c.collisdeterministic, true) AS searchable, a.attgenerated <> '' AS generated
    FROM pg_attribute a
    LEFT JOIN pg_collation c ON c.oid = a.attcollation
    LEFT JOIN pg_namespace n ON n.oid = c.collnamespace
    WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped
    ORDER BY a.attnum`, [table])
  return new Map(rows.map(({ name, type, schema, collation, searchable, generated }) => [
    name, { name, type, searchable, generated, collation: schema === null || collation === null ? null : `${quote(schema)}.${quote(collation)}` }
  ]))
}
