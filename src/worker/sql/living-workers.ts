import type { Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'
import type { WorkerEntry } from './register-worker.ts'

export interface LivingWorker extends WorkerEntry {
  readonly startedAt: Date
  readonly seenAt: Date
}

/** The workers that told within the last `withinMs` that they live, oldest first. */
export async function livingWorkers (sql: Sql, tables: Tables, withinMs: number): Promise<LivingWorker[]> {
  return await sql.query<LivingWorker>(`
    SELECT id, host, pid, concurrency, operations, started_at AS "startedAt", seen_at AS "seenAt"
    FROM ${tables.worker}
    WHERE seen_at > now() - $1 * interval '1 millisecond'
    ORDER BY started_at, id`,
  [withinMs])
}
