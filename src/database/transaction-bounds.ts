import type { Sql } from './sql.ts'

/**
 * Bounds a write transaction in time, and tells which backend serves it, in one round trip: a worker that freezes in
 * it would otherwise hold its row locks, and its successor, for good. Deferred constraints are checked at once, so
 * that a refusal names its record and does not surface at the COMMIT.
 *
 * Input: what the backend is called in pg_stat_activity while the transaction lasts (63 bytes at most); milliseconds.
 * Output: the backend, its start in whole milliseconds (JavaScript's dates know no finer ones).
 */
export async function boundWriteTransaction (
  sql: Sql, { name, idleMs, lockMs, statementMs }: { name: string, idleMs: number, lockMs: number, statementMs: number }
): Promise<{ pid: number, start: Date }> {
  const [row] = await sql.query<{ pid: number, start: Date | string }>(`
    SELECT pid, date_trunc('milliseconds', backend_start) AS start,
      set_config('idle_in_transaction_session_timeout', $1, true),
      set_config('lock_timeout', $2, true),
      set_config('statement_timeout', $3, true),
      set_config('application_name', $4, true)
    FROM pg_stat_get_activity(pg_backend_pid())`, [String(idleMs), String(lockMs), String(statementMs), name])
  await sql.query('SET CONSTRAINTS ALL IMMEDIATE')
  return { pid: row!.pid, start: new Date(row!.start) }
}

/** Sets how long statements of this transaction wait for a lock; resolves to how long it was before. */
export async function setLockTimeout (sql: Sql, timeout: string): Promise<string> {
  // A select list is evaluated from left to right.
  const [row] = await sql.query<{ before: string }>(`
    SELECT current_setting('lock_timeout') AS before, set_config('lock_timeout', $1, true)`, [timeout])
  return row!.before
}
