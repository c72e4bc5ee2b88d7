import type { Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'
import { removeDoomed } from './remove-doomed.ts'

/** Removes previews that can no longer be executed, some at a time. Output: how many went. */
export async function removeExpiredPreviews (sql: Sql, tables: Tables, { before, limit }: { before: Date, limit: number }): Promise<number> {
  return removeDoomed(sql, {
    table: tables.preview,
    key: ['id'],
    doomed: `
      SELECT id FROM ${tables.preview} WHERE expires_at < $1 ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED`
  }, [before, limit])
}
