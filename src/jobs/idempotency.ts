import { createHash } from 'node:crypto'
import type { Sql } from '../database/sql.ts'
import type { Tables } from '../database/tables.ts'
import { problem } from '../errors.ts'
import type { JobRow } from '../engine/job-row.ts'
import { insertIdempotencyKey, readIdempotencyKey, tryLockIdempotencyKey } from './store/idempotency-keys.ts'

/** An Idempotency-Key within its scope, and what it stands for. */
export interface IdempotencyClaim {
  keyHash: Buffer
  bodyHash: Buffer
}

/** The scope of a key is its user and route; what it was used for is the body. */
export function idempotencyClaim ({ key, userId, route, body }: { key: string, userId: string | null, route: string, body: unknown }): IdempotencyClaim {
  return { keyHash: sha256([userId, route, key]), bodyHash: sha256(sorted(body)) }
}

/**
 * Reserves a key until the transaction ends. Resolves to the job that was made with it before, undefined when it is
 * new. Only answers that made a job are kept: a refusal is judged anew.
 * @throws idempotency_in_flight, idempotency_key_reused
 */
export async function reserveIdempotencyKey (sql: Sql, tables: Tables, { keyHash, bodyHash }: IdempotencyClaim): Promise<JobRow | undefined> {
  if (!await tryLockIdempotencyKey(sql, keyHash)) throw problem('idempotency_in_flight')
  const known = await readIdempotencyKey(sql, tables, keyHash)
  if (known === undefined) return undefined
  if (!known.bodyHash.equals(bodyHash)) throw problem('idempotency_key_reused')
  return known.job
}

/** Keeps a key with the job it made, in the job's own transaction. */
export async function keepIdempotencyKey (sql: Sql, tables: Tables, { keyHash, bodyHash }: IdempotencyClaim, jobId: string): Promise<void> {
  await insertIdempotencyKey(sql, tables, { keyHash, bodyHash, jobId })
}

function sha256 (value: unknown): Buffer {
  return createHash('sha256').update(JSON.stringify(value)).digest()
}

/** The same body with its members in another order is the same body. */
function sorted (value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).sort(([one], [other]) => one < other ? -1 : 1).map(([name, member]) => [name, sorted(member)]))
}
