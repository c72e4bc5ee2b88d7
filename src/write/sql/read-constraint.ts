import type { Sql } from '../../database/sql.ts'

export interface ConstraintFacts {
  /** Its comment, which is a sentence for people. */
  comment: string | null
  /** The columns that it is about, of the table that has it. */
  columns: string[]
}

/**
 * What is known of a constraint, or of a unique index that is none: names are unique only within their table.
 *
 * Input: schema, table and name, as an error report tells them. Output: undefined when there is no such constraint.
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
