import type { Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'

/** The records of a preview that is being executed are locked from the commit on. */
export async function holdPreview (sql: Sql, tables: Tables, selectionId: string): Promise<void> {
  await sql.query(`UPDATE ${tables.chunk} SET living = true WHERE selection_id = $1 AND excluded IS NULL`, [selectionId])
}
