import type { Sql } from '../../database/sql.ts'

/** The comment on a constraint, which is a sentence for people; undefined when it has none. */
export async function readConstraintComment (sql: Sql, constraint: string): Promise<string | undefined> {
  const [row] = await sql.query<{ comment: string | null }>(`
    SELECT obj_description(oid, 'pg_constraint') AS comment FROM pg_constraint
    WHERE conname = $1 AND obj_description(oid, 'pg_constraint') IS NOT NULL LIMIT 1`, [constraint])
  return row?.comment ?? undefined
}
