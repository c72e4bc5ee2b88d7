import type { Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'

/**
 * Removes rows by their key, some at a time: `expired` is a SELECT of the keys with a LIMIT that takes the rows
 * `FOR UPDATE … SKIP LOCKED`. In a WITH, since a planner may run a subquery again and again, each time for other rows.
 * Output: how many went.
 */
export async function removeRows (
  sql: Sql, { table, key, expired }: { table: string, key: readonly string[], expired: string }, values: readonly unknown[]
): Promise<number> {
  const [row] = await sql.query<{ count: number }>(`
    WITH expired AS (${expired}
    ), removed AS (
      DELETE FROM ${table} AS target USING expired
      WHERE ${key.map((column) => `target.${column} = expired.${column}`).join(' AND ')}
      RETURNING 1
    )
    SELECT count(*)::int AS count FROM removed`, values)
  return row!.count
}

/** Jobs that are taken away together. */
const togetherAtMost = 100

/**
 * SQL over $1 (an instant): the jobs that finished before it, oldest first, except those that a living job still reads
 * (an undo writes what the job that it undoes found).
 */
export function expiredJobs ({ job }: Tables): string {
  return `(
    SELECT id, selection_id FROM ${job} AS finished
    WHERE finished_at < $1 AND NOT EXISTS (
      SELECT FROM ${job} AS living
      WHERE living.finished_at IS NULL
        AND (living.undo_of = finished.id OR living.retry_of = finished.id OR living.selection_id = finished.selection_id))
    ORDER BY finished_at, id
    LIMIT ${togetherAtMost}
  )`
}

/** Removes previews that can no longer be executed, some at a time. Output: how many went. */
export async function removeExpiredPreviews (sql: Sql, tables: Tables, { before, limit }: { before: Date, limit: number }): Promise<number> {
  return removeRows(sql, {
    table: tables.preview,
    key: ['id'],
    expired: `
      SELECT id FROM ${tables.preview} WHERE expires_at < $1 ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED`
  }, [before, limit])
}

/** Removes idempotency keys that are older than an instant, some at a time. Output: how many went. */
export async function removeIdempotencyKeys (sql: Sql, tables: Tables, { before, limit }: { before: Date, limit: number }): Promise<number> {
  return removeRows(sql, {
    table: tables.idempotency,
    key: ['key_hash'],
    expired: `
      SELECT key_hash FROM ${tables.idempotency} WHERE created_at < $1 ORDER BY created_at LIMIT $2 FOR UPDATE SKIP LOCKED`
  }, [before, limit])
}

/** Removes the results and before-images of jobs that finished long ago, some rows at a time. Output: how many went. */
export async function removeExpiredJobChunks (sql: Sql, tables: Tables, { before, limit }: { before: Date, limit: number }): Promise<number> {
  return removeRows(sql, {
    table: tables.jobChunk,
    key: ['job_id', 'no'],
    expired: `
      SELECT work.job_id, work.no
      FROM ${expiredJobs(tables)} AS old JOIN ${tables.jobChunk} AS work ON work.job_id = old.id
      LIMIT $2
      FOR UPDATE OF work SKIP LOCKED`
  }, [before, limit])
}

/**
 * Removes frozen keys of jobs that finished long ago: some rows at a time, however large their selections were. What
 * is living stays whatever else is true. Output: how many chunks went.
 */
export async function removeExpiredChunks (sql: Sql, tables: Tables, { before, limit }: { before: Date, limit: number }): Promise<number> {
  return removeRows(sql, {
    table: tables.chunk,
    key: ['selection_id', 'no'],
    expired: `
      SELECT chunk.selection_id, chunk.no
      FROM ${expiredJobs(tables)} AS old JOIN ${tables.chunk} AS chunk ON chunk.selection_id = old.selection_id
      WHERE NOT chunk.living
      LIMIT $2
      FOR UPDATE OF chunk SKIP LOCKED`
  }, [before, limit])
}

/**
 * Removes jobs that finished long ago, once nothing hangs on them but their idempotency keys, which go along.
 * Output: how many jobs went.
 */
export async function removeExpiredJobs (sql: Sql, tables: Tables, { before }: { before: Date }): Promise<number> {
  return removeRows(sql, {
    table: tables.job,
    key: ['id'],
    expired: `
      SELECT job.id
      FROM ${expiredJobs(tables)} AS old JOIN ${tables.job} AS job ON job.id = old.id
      WHERE NOT EXISTS (SELECT FROM ${tables.chunk} AS chunk WHERE chunk.selection_id = old.selection_id)
        AND NOT EXISTS (SELECT FROM ${tables.jobChunk} AS work WHERE work.job_id = old.id)
      FOR UPDATE OF job SKIP LOCKED`
  }, [before])
}

/**
 * Removes chunks of selections that no job has, some at a time. A selection without a job is a preview, or what is left
 * of one: `beforeId`, the smallest id of the oldest selection that may still be used, keeps those that are fresh (ids are
 * UUIDs of version 7, which sort by time). Output: how many chunks went.
 */
export async function removeOrphanedChunks (sql: Sql, tables: Tables, { beforeId, limit }: { beforeId: string, limit: number }): Promise<number> {
  return removeRows(sql, {
    table: tables.chunk,
    key: ['selection_id', 'no'],
    expired: `
      SELECT chunk.selection_id, chunk.no FROM ${tables.chunk} AS chunk
      WHERE chunk.selection_id < $1 AND NOT EXISTS (SELECT FROM ${tables.job} AS job WHERE job.selection_id = chunk.selection_id)
      LIMIT $2
      FOR UPDATE OF chunk SKIP LOCKED`
  }, [beforeId, limit])
}

/** Removes the rows of workers that were not renewed for long. Output: how many. */
export async function removeDeadWorkers (sql: Sql, tables: Tables, { before }: { before: Date }): Promise<number> {
  const [row] = await sql.query<{ count: number }>(`
    WITH removed AS (
      DELETE FROM ${tables.worker} WHERE seen_at < $1 RETURNING 1
    )
    SELECT count(*)::int AS count FROM removed`, [before])
  return row!.count
}
