import { quote, type Sql } from '../database/sql.ts'

/** A table as the database has it, or what stands in its place. */
export interface FoundTable {
  readonly id: number
  readonly schema: string
  readonly name: string
  /** As PostgreSQL keeps it: r table, p partitioned table, v view, m materialized view, f foreign table. */
  readonly kind: 'r' | 'p' | 'v' | 'm' | 'f'
  /** Quoted names of the partitioned table that it is a partition of, at the top. */
  readonly partitionOf: string | null
  /** Whether other tables inherit from it, so that their rows are seen in it. */
  readonly isInherited: boolean
}

/**
 * Finds tables by name.
 *
 * Input: names; without a schema, the session's search path decides. Output: in the same order, undefined where there is none.
 */
export async function findTables (sql: Sql, names: readonly { schema: string | undefined, table: string }[]): Promise<(FoundTable | undefined)[]> {
  const rows = await sql.query<FoundTable & { place: number }>(`
    SELECT named.place::int AS place, c.oid::int8::float8 AS id, n.nspname AS schema, c.relname AS name, c.relkind AS kind,
      CASE WHEN c.relispartition THEN pg_partition_root(c.oid)::text END AS "partitionOf",
      EXISTS (SELECT FROM pg_inherits i JOIN pg_class child ON child.oid = i.inhrelid WHERE i.inhparent = c.oid AND NOT child.relispartition) AS "isInherited"
    FROM jsonb_to_recordset($1::jsonb) AS named (place int, schema text, "table" text)
    JOIN pg_class c ON c.relname = named.table AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
    JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE CASE WHEN named.schema IS NULL THEN c.oid = to_regclass(quote_ident(named.table)) ELSE n.nspname = named.schema END`,
  [JSON.stringify(names.map(({ schema, table }, place) => ({ place, schema, table })))])
  const found = new Map(rows.map(({ place, ...table }) => [place, table]))
  return names.map((_, place) => found.get(place))
}

/** A column as the database has it, which may be more than the metadata says. */
export interface TableColumn {
  name: string
  /** As it can stand in a cast, with its length: `character varying(40)`, or the name of an enum. */
  type: string
  /** Quoted; only types that are collated have one. */
  collation: string | null
  /** Whether text can be sought in it as it is; PostgreSQL refuses that where a collation takes different texts for the same. */
  searchable: boolean
  /** Computed by the database; it cannot be written. */
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

export interface ConstraintFacts {
  /** Its comment, which is a sentence for people. */
  comment: string | null
  /** The columns that it is about, of the table that has it. */
  columns: string[]
}

/**
 * What is known of a constraint, or of a unique index that is none: names are unique only within their table.
 *
 * Input: schema, table and name, as in an error report. Output: undefined when there is no such constraint.
 */
export async function readConstraint (
  sql: Sql, { schema, table, constraint }: { schema: string, table: string, constraint: string }
): Promise<ConstraintFacts | undefined> {
  const [row] = await sql.query<ConstraintFacts>(`
    WITH relation AS MATERIALIZED (
      SELECT to_regclass(format('%I.%I', $1::text, $2::text)) AS id
      UNION
      -- A partition has copies of the constraints; people comment the original.
      SELECT ancestor FROM pg_partition_ancestors(to_regclass(format('%I.%I', $1::text, $2::text))) AS ancestor
    ), found AS (
      SELECT conrelid AS relation, conkey AS columns,
        coalesce(obj_description(c.oid, 'pg_constraint'), obj_description(conparentid, 'pg_constraint')) AS comment
      FROM pg_constraint c JOIN relation ON relation.id = c.conrelid WHERE conname = $3
      UNION ALL
      SELECT i.indrelid, i.indkey::int2[], obj_description(c.oid, 'pg_class')
      FROM pg_index i JOIN relation ON relation.id = i.indrelid JOIN pg_class c ON c.oid = i.indexrelid WHERE c.relname = $3
    )
    SELECT comment, ARRAY(
      SELECT a.attname::text FROM unnest(columns) WITH ORDINALITY AS k (number, place)
      JOIN pg_attribute a ON a.attrelid = relation AND a.attnum = k.number ORDER BY k.place) AS columns
    FROM found
    ORDER BY comment IS NULL
    LIMIT 1`, [schema, table, constraint])
  return row
}

/** A foreign key that refers to a table. */
export interface Referrer {
  /** Quoted name of the table that refers, and that name for people. */
  table: string
  name: string
  /** Quoted name of the partitioned table that it belongs to; its own where it is no partition. */
  root: string
  /** Quoted name of what it refers to: the table, or one of its partitions. */
  target: string
  columns: string[]
  /** The columns that it refers to, in the same order. */
  referenced: string[]
  /** As PostgreSQL keeps it: a no action, r restrict, c cascade, n set null, d set default. */
  action: 'a' | 'r' | 'c' | 'n' | 'd'
}

/** The foreign keys that refer to a (quoted) table, to a partition of it, or to the partitioned table that it belongs to. */
export async function readReferrers (sql: Sql, table: string): Promise<Referrer[]> {
  const rows = await sql.query<{ schema: string, name: string, root: string, target: string, columns: string[], referenced: string[], action: Referrer['action'] }>(`
    SELECT n.nspname AS schema, c.relname AS name, f.confdeltype AS action,
      (SELECT format('"%s"."%s"', replace(rn.nspname, '"', '""'), replace(r.relname, '"', '""')) FROM pg_class r JOIN pg_namespace rn ON rn.oid = r.relnamespace
        WHERE r.oid = coalesce(pg_partition_root(c.oid), c.oid)) AS root,
      (SELECT format('"%s"."%s"', replace(tn.nspname, '"', '""'), replace(t.relname, '"', '""')) FROM pg_class t JOIN pg_namespace tn ON tn.oid = t.relnamespace
        WHERE t.oid = f.confrelid) AS target,
      (SELECT array_agg(a.attname::text ORDER BY k.place) FROM unnest(f.conkey) WITH ORDINALITY AS k (attnum, place)
        JOIN pg_attribute a ON a.attrelid = f.conrelid AND a.attnum = k.attnum) AS columns,
      (SELECT array_agg(a.attname::text ORDER BY k.place) FROM unnest(f.confkey) WITH ORDINALITY AS k (attnum, place)
        JOIN pg_attribute a ON a.attrelid = f.confrelid AND a.attnum = k.attnum) AS referenced
    FROM pg_constraint f
    JOIN pg_class c ON c.oid = f.conrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE f.contype = 'f' AND f.conparentid = 0 AND f.confrelid IN (
      SELECT to_regclass($1) UNION SELECT relid FROM pg_partition_tree(to_regclass($1)) UNION SELECT relid FROM pg_partition_ancestors(to_regclass($1)) AS a (relid))
    ORDER BY c.relname, f.conname`, [table])
  return rows.map(({ schema, ...referrer }) => ({ ...referrer, table: `${quote(schema)}.${quote(referrer.name)}` }))
}
