import type { JobStatus } from '../../../schemas/job.ts'
import type { Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'
import type { JobRow } from '../../engine/job-row.ts'

/** The place of a job in the list: microseconds since the epoch as digits, and its id. */
export interface JobPlace {
  createdAtUs: string
  id: string
}

export interface JobListQuery {
  /** Undefined members ask for nothing. */
  status: readonly JobStatus[] | undefined
  resource: string | undefined
  operation: string | undefined
  createdBy: string | undefined
  /** Only the jobs of this user; null for those of anonymous callers; undefined for all. */
  ownedBy: string | null | undefined
  /** Only those after this one, that is, older. */
  after: JobPlace | undefined
  limit: number
}

/** A page of jobs, newest first, each with its place. */
export async function listJobs (sql: Sql, tables: Tables, wanted: JobListQuery): Promise<(JobRow & { created_at_us: string })[]> {
  const values: unknown[] = []
  const given = (value: unknown) => `$${values.push(value)}`
  const conditions = [
    wanted.status && `status = ANY(${given(wanted.status)}::text[])`,
    wanted.resource !== undefined && `resource = ${given(wanted.resource)}`,
    wanted.operation !== undefined && `operation = ${given(wanted.operation)}`,
    wanted.createdBy !== undefined && `created_by_id = ${given(wanted.createdBy)}`,
    wanted.ownedBy === null && 'created_by_id IS NULL',
    typeof wanted.ownedBy === 'string' && `created_by_id = ${given(wanted.ownedBy)}`,
    wanted.after && `(created_at, id) < (timestamptz 'epoch' + ${given(wanted.after.createdAtUs)}::bigint * interval '1 microsecond', ${given(wanted.after.id)}::uuid)`
  ].filter((condition) => typeof condition === 'string')
  return sql.query(`
    SELECT *, (extract(epoch FROM created_at) * 1000000)::bigint::text AS created_at_us
    FROM ${tables.job}
    ${conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : ''}
    ORDER BY created_at DESC, id DESC
    LIMIT ${given(wanted.limit)}`, values)
}
