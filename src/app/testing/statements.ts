import type { Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'

export interface RemainingLock {
  root: string
  records: number
  job_id: string | null
  operation: string | null
  status: string | null
}

/** All records that are locked or waited for, by table and job. */
export async function readLocks (sql: Sql, tables: Tables): Promise<RemainingLock[]> {
  return sql.query<RemainingLock>(`
    SELECT chunk.root, sum(chunk.size)::int AS records, job.id AS job_id, job.operation, job.status
    FROM ${tables.chunk} chunk LEFT JOIN ${tables.job} job ON job.selection_id = chunk.selection_id
    WHERE chunk.living OR chunk.in_line
    GROUP BY chunk.root, job.id, job.operation, job.status
    ORDER BY chunk.root, job.id`)
}

/** The oldest queued job, with its delay removed. Input: whether delayed jobs count; jobs to leave out. */
export async function prepareNextJob (
  sql: Sql, tables: Tables, { delayed, except }: { delayed: boolean, except: readonly string[] }
): Promise<{ id: string, n: number } | undefined> {
  const [row] = await sql.query<{ id: string, n: number }>(`
    UPDATE ${tables.job} SET run_after = NULL
    WHERE id = (
      SELECT id FROM ${tables.job}
      WHERE status = 'queued' AND ($1 OR run_after IS NULL OR run_after <= now()) AND id <> ALL ($2::uuid[])
      ORDER BY created_at, id LIMIT 1)
    RETURNING id, n`, [delayed, except])
  return row
}
