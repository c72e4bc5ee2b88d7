import type { Sql } from './sql.ts'

/** The current time of the database, which all leases are compared with. */
export async function readClock (sql: Sql): Promise<Date> {
  const [row] = await sql.query<{ now: Date }>('SELECT now() AS now')
  return row!.now
}
