import type { Sql } from '../sql.ts'

/**
 * Bounds the transaction it is called in: nobody waits for a frozen process that migrates for longer than a minute.
 * The migration's own statements may take as long as they need.
 */
export async function boundTransaction (sql: Sql): Promise<void> {
  await sql.query(`SELECT set_config('lock_timeout', '60s', true),
    set_config('idle_in_transaction_session_timeout', '60s', true),
    set_config('statement_timeout', '0', true)`)
}
