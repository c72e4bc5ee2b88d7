import type { Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'

export interface LeftLock {
  root: string
  records: number
  job_id: string | null
  operation: string | null
  status: string | null
}

/** Everything that is locked, or waited for, by table and job. */
export async function readLocks (sql: Sql, tables: Tables): Promise<LeftLock[]> {
  return sql.query<LeftLock>(`
    SELECT chunk.root, sum(chunk.size)::int AS records, job.id AS job_id, job.operation, job.status
    FROM ${tables.chunk} chunk LEFT JOIN ${tables.job} job ON job.selection_id = chunk.selection_id
    WHERE chunk.living OR chunk.in_line
    GROUP BY chunk.root, job.id, job.operation, job.status
    ORDER BY chunk.root, job.id`)
}
