import type { Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'
import type { Abilities } from '../abilities.ts'

export interface LivingWorker {
  readonly id: string
  readonly host: string
  readonly pid: number
  /** Null where it does not tell. */
  readonly abilities: Abilities | null
}

/** The workers that told within `livingMs` that they live, and have not stopped since. */
export async function readLivingWorkers (sql: Sql, tables: Tables, livingMs: number): Promise<LivingWorker[]> {
  return sql.query<LivingWorker>(`
    SELECT id, host, pid, abilities FROM ${tables.worker}
    WHERE stopped_at IS NULL AND seen_at > now() - $1 * interval '1 ms'
    ORDER BY host, pid`, [livingMs])
}
