import type { Sql } from './sql.ts'

/** The current time of the database, which all leases are compared with. */
export async function readClock (sql: Sql): Promise<Date> {
  const [row] = await sql.query<{ now: Date }>('SELECT now() AS now')
  return row!.now
}

/** When the server was started: a later start than before means a restart. */
export async function readServerStart (sql: Sql): Promise<Date> {
  const [row] = await sql.query<{ started_at: Date }>('SELECT pg_postmaster_start_time() AS started_at')
  return row!.started_at
}
