import type { Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'
import type { JobRow } from '../../engine/job-row.ts'

/** Output: whether no other request with this key is being handled right now. Held until the transaction ends. */
export async function tryLockIdempotencyKey (sql: Sql, keyHash: Buffer): Promise<boolean> {
  const [row] = await sql.query<{ got: boolean }>('SELECT pg_try_advisory_xact_lock($1::bigint) AS got', [keyHash.readBigInt64BE(0).toString()])
  return row!.got
}

/** What a key was used for. */
export async function readIdempotencyKey (sql: Sql, tables: Tables, keyHash: Buffer): Promise<{ bodyHash: Buffer, job: JobRow } | undefined> {
  const [row] = await sql.query<JobRow & { body_hash: Buffer }>(`
    SELECT job.*, used.body_hash FROM ${tables.idempotency} used JOIN ${tables.job} job ON job.id = used.job_id
    WHERE used.key_hash = $1`, [keyHash])
  if (row === undefined) return undefined
  const { body_hash: bodyHash, ...job } = row
  return { bodyHash, job }
}

/** Keeps a key. It goes with its job, or after its TTL. */
export async function insertIdempotencyKey (
  sql: Sql, tables: Tables, { keyHash, bodyHash, jobId }: { keyHash: Buffer, bodyHash: Buffer, jobId: string }
): Promise<void> {
  await sql.query(`INSERT INTO ${tables.idempotency} (key_hash, body_hash, job_id) VALUES ($1, $2, $3)`, [keyHash, bodyHash, jobId])
}
