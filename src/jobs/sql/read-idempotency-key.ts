import type { Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'
import type { JobRow } from '../job-row.ts'

/** What a key was used for. */
export async function readIdempotencyKey (sql: Sql, tables: Tables, keyHash: Buffer): Promise<{ bodyHash: Buffer, job: JobRow } | undefined> {
  const [row] = await sql.query<JobRow & { body_hash: Buffer }>(`
    SELECT job.*, used.body_hash FROM ${tables.idempotency} used JOIN ${tables.job} job ON job.id = used.job_id
    WHERE used.key_hash = $1`, [keyHash])
  if (row === undefined) return undefined
  const { body_hash: bodyHash, ...job } = row
  return { bodyHash, job }
}
