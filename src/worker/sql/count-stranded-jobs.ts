import type { Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'
import { canDo } from './can-do.ts'

/** More are not counted: who asks for health asks often. */
const countedAtMost = 1_000

/** How many of the queued jobs none of the living workers can do; with no worker alive, all of them. 1000 at most. */
export async function countStrandedJobs (sql: Sql, tables: Tables, livingMs: number): Promise<number> {
  const [row] = await sql.query<{ stranded: number }>(`
    SELECT count(*)::int AS stranded FROM (
      SELECT FROM ${tables.job} AS job
      WHERE status = 'queued' AND finished_at IS NULL AND NOT EXISTS (
        SELECT FROM ${tables.worker} AS worker
        WHERE stopped_at IS NULL AND seen_at > now() - $1 * interval '1 ms' AND ${canDo({ worker: 'worker', job: 'job' })})
      LIMIT $2
    ) AS found`, [livingMs, countedAtMost])
  return row!.stranded
}
