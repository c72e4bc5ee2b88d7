import type { Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'

/**
 * Tells that a worker has stopped. Its row stays for a while, as evidence that there was one: between the last worker
 * of one deployment and the first of the next no job is abandoned.
 */
export async function unregisterWorker (sql: Sql, tables: Tables, id: string): Promise<void> {
  await sql.query(`UPDATE ${tables.worker} SET seen_at = now(), stopped_at = now() WHERE id = $1`, [id])
}
