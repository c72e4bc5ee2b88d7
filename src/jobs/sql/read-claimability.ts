import type { Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'
import type { JobStatus } from '../../../schemas/job.ts'

export interface Claimability {
  kind: 'bulk' | 'task'
  resource: string | null
  operation: string
  status: JobStatus
  n: number
  fingerprint: string
  /** The version of a task's payload. */
  version: number | null
  /** What the job was left for before. */
  hindrance: string | null
  /** Milliseconds until the job may be taken up; null or less than 0: now. */
  wait_ms: number | null
  /** Milliseconds until the lease ends; null without one. */
  lease_left_ms: number | null
}

/** What a delivery is judged by; undefined for an unknown job. */
export async function readClaimability (sql: Sql, tables: Tables, id: string): Promise<Claimability | undefined> {
  const [row] = await sql.query<Claimability>(`
    SELECT kind, resource, operation, status, n, fingerprint, hindrance, (spec ->> 'version')::int AS version,
      (extract(epoch FROM run_after - now()) * 1000)::float8 AS wait_ms,
      (extract(epoch FROM lease - now()) * 1000)::int AS lease_left_ms
    FROM ${tables.job} WHERE id = $1`, [id])
  return row
}
