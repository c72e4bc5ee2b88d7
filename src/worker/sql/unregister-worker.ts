import type { Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'

/** Tells that a worker has stopped. */
export async function unregisterWorker (sql: Sql, tables: Tables, id: string): Promise<void> {
  await sql.query(`DELETE FROM ${tables.worker} WHERE id = $1`, [id])
}
