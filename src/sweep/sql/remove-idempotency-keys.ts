import type { Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'
import { removeDoomed } from './remove-doomed.ts'

/** Removes idempotency keys that are older than an instant, some at a time. Output: how many went. */
export async function removeIdempotencyKeys (sql: Sql, tables: Tables, { before, limit }: { before: Date, limit: number }): Promise<number> {
  return removeDoomed(sql, {
    table: tables.idempotency,
    key: ['key_hash'],
    doomed: `
      SELECT key_hash FROM ${tables.idempotency} WHERE created_at < $1 ORDER BY created_at LIMIT $2 FOR UPDATE SKIP LOCKED`
  }, [before, limit])
}
