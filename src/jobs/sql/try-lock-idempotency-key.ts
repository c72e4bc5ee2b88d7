import type { Sql } from '../../database/sql.ts'

/** Output: whether no other request with this key is being handled right now. Held until the transaction ends. */
export async function tryLockIdempotencyKey (sql: Sql, keyHash: Buffer): Promise<boolean> {
  const [row] = await sql.query<{ got: boolean }>('SELECT pg_try_advisory_xact_lock($1::bigint) AS got', [keyHash.readBigInt64BE(0).toString()])
  return row!.got
}
