import type { Sql } from './sql.ts'

/** The database's clock, by which all leases count. */
export async function readClock (sql: Sql): Promise<Date> {
  const [row] = await sql.query<{ now: Date }>('SELECT now() AS now')
  return row!.now
}
