import type { Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'

/** Releases every record that a selection holds or stands in line for, of all root tables; part of the transaction that ends its job. */
export async function releaseSelection (sql: Sql, tables: Tables, selectionId: string): Promise<void> {
  await sql.query(`UPDATE ${tables.chunk} SET living = false, in_line = false WHERE selection_id = $1 AND (living OR in_line)`, [selectionId])
}
