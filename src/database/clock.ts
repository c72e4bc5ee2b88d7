import type { Sql } from './sql.ts'

/**
 * The current time of the database, which all leases are compared with.
 *
 * In SQL `now()` is when the transaction began. So statements that write an instant use `clock_timestamp()`: they may be the
 * last of a transaction that took an hour. Comparisons use `now()`, which an index can serve: they are statements of their own.
 */
export async function readClock (sql: Sql): Promise<Date> {
  const [row] = await sql.query<{ now: Date }>('SELECT now() AS now')
  return row!.now
}

/** When the server was started: a later start than before means a restart. */
export async function readServerStart (sql: Sql): Promise<Date> {
  const [row] = await sql.query<{ started_at: Date }>('SELECT pg_postmaster_start_time() AS started_at')
  return row!.started_at
}
