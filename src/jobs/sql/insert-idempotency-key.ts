import type { Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'

/** Keeps a key. It goes with its job, or after its TTL. */
export async function insertIdempotencyKey (
  sql: Sql, tables: Tables, { keyHash, bodyHash, jobId }: { keyHash: Buffer, bodyHash: Buffer, jobId: string }
): Promise<void> {
  await sql.query(`INSERT INTO ${tables.idempotency} (key_hash, body_hash, job_id) VALUES ($1, $2, $3)`, [keyHash, bodyHash, jobId])
}
