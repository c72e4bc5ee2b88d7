import type { Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'
import type { Abilities } from '../abilities.ts'

export interface WorkerEntry {
  readonly id: string
  readonly host: string
  readonly pid: number
  readonly concurrency: number
  /** The resources and tasks that it can work for, and what it means by them: by this others can tell whether a job has a worker. */
  readonly abilities: Abilities
}

/** Tells that a worker lives, by the database's clock; also one whose row was taken for a dead one's. */
export async function registerWorker (sql: Sql, tables: Tables, { id, host, pid, concurrency, abilities }: WorkerEntry): Promise<void> {
  await sql.query(`
    INSERT INTO ${tables.worker} (id, host, pid, concurrency, abilities) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (id) DO UPDATE SET seen_at = now(), stopped_at = NULL`,
  [id, host, pid, concurrency, JSON.stringify(abilities)])
}
