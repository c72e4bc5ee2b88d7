import type { Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'

/** A selection stands in line for its records instead of holding them. */
export async function setInLine (sql: Sql, tables: Tables, selectionId: string): Promise<void> {
  await sql.query(`UPDATE ${tables.chunk} SET living = false, in_line = true WHERE selection_id = $1 AND living`, [selectionId])
}

/** Its turn has come: the selection holds its records. */
export async function setHolding (sql: Sql, tables: Tables, selectionId: string): Promise<void> {
  await sql.query(`UPDATE ${tables.chunk} SET living = true, in_line = false WHERE selection_id = $1 AND in_line`, [selectionId])
}
