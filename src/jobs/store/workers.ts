import type { Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'
import { mayTake } from './status-sql.ts'
import type { Capabilities } from '../../engine/capabilities.ts'

/**
 * SQL: whether a worker can do a job, as `blockedReasonFor` judges it. A worker without capabilities in its row is taken to
 * be capable. Null means no.
 */
export function isCapable ({ worker, job }: { worker: string, job: string }): string {
  const task = `${worker}.abilities -> 'tasks' -> ${job}.operation`
  const version = `coalesce((${job}.spec ->> 'version')::int, 1)`
  return `(${worker}.abilities IS NULL OR CASE ${job}.kind
    WHEN 'bulk' THEN ${worker}.abilities -> 'resources' ->> ${job}.resource = ${job}.fingerprint
    ELSE (${task} ->> 'version')::int = ${version} OR ((${task} ->> 'version')::int > ${version} AND (${task} ->> 'upgrades')::boolean)
  END)`
}

export interface WorkerEntry {
  readonly id: string
  readonly host: string
  readonly pid: number
  readonly concurrency: number
  /** The resources and tasks that it can work on, with their fingerprints: other processes see by this whether a job has a capable worker. */
  readonly capabilities: Capabilities
}

/** Records that a worker is alive, by the database's clock; also one that was considered dead. */
export async function registerWorker (sql: Sql, tables: Tables, { id, host, pid, concurrency, capabilities }: WorkerEntry): Promise<void> {
  await sql.query(`
    INSERT INTO ${tables.worker} (id, host, pid, concurrency, abilities) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (id) DO UPDATE SET seen_at = now(), stopped_at = NULL`,
  [id, host, pid, concurrency, JSON.stringify(capabilities)])
}

/**
 * Records that a worker has stopped. Its row stays for a while, as evidence that there was one: between the last worker
 * of one deployment and the first of the next no job is abandoned.
 */
export async function unregisterWorker (sql: Sql, tables: Tables, id: string): Promise<void> {
  await sql.query(`UPDATE ${tables.worker} SET seen_at = now(), stopped_at = now() WHERE id = $1`, [id])
}

export interface LivingWorker {
  readonly id: string
  readonly host: string
  readonly pid: number
  /** Null if the worker has not recorded them. */
  readonly capabilities: Capabilities | null
}

/** The workers that were renewed within `livingMs`, and have not stopped since. */
export async function readLivingWorkers (sql: Sql, tables: Tables, livingMs: number): Promise<LivingWorker[]> {
  return sql.query<LivingWorker>(`
    SELECT id, host, pid, abilities AS capabilities FROM ${tables.worker}
    WHERE stopped_at IS NULL AND seen_at > now() - $1 * interval '1 ms'
    ORDER BY host, pid`, [livingMs])
}

/** How many workers were renewed within `livingMs`, and have not stopped since. */
export async function countLivingWorkers (sql: Sql, tables: Tables, livingMs: number): Promise<number> {
  const [row] = await sql.query<{ living: number }>(`
    SELECT count(*)::int AS living FROM ${tables.worker} WHERE stopped_at IS NULL AND seen_at > now() - $1 * interval '1 ms'`, [livingMs])
  return row!.living
}

/** More are not counted: who asks for health asks often. */
const countedAtMost = 1_000

/** How many of the queued jobs none of the living workers can do; with no worker alive, all of them. 1000 at most. */
export async function countJobsWithoutWorker (sql: Sql, tables: Tables, livingMs: number): Promise<number> {
  const [row] = await sql.query<{ stranded: number }>(`
    SELECT count(*)::int AS stranded FROM (
      SELECT FROM ${tables.job} AS job
      WHERE ${mayTake('claim')} AND finished_at IS NULL AND NOT EXISTS (
        SELECT FROM ${tables.worker} AS worker
        WHERE stopped_at IS NULL AND seen_at > now() - $1 * interval '1 ms' AND ${isCapable({ worker: 'worker', job: 'job' })})
      LIMIT $2
    ) AS found`, [livingMs, countedAtMost])
  return row!.stranded
}

/** Whether a worker that reported within `livingMs` that it is alive can do a job. */
export async function hasCapableWorker (sql: Sql, tables: Tables, { jobId, livingMs }: { jobId: string, livingMs: number }): Promise<boolean> {
  const rows = await sql.query(`
    SELECT FROM ${tables.job} AS job JOIN ${tables.worker} AS worker ON ${isCapable({ worker: 'worker', job: 'job' })}
    WHERE job.id = $1 AND stopped_at IS NULL AND seen_at > now() - $2 * interval '1 ms'
    LIMIT 1`, [jobId, livingMs])
  return rows.length > 0
}
