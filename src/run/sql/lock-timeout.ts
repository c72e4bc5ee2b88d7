import type { Sql } from '../../database/sql.ts'

/** Sets how long statements of this transaction wait for a lock; resolves to how long it was before. */
export async function setLockTimeout (sql: Sql, timeout: string): Promise<string> {
  // A select list is evaluated from left to right.
  const [row] = await sql.query<{ before: string }>(`
    SELECT current_setting('lock_timeout') AS before, set_config('lock_timeout', $1, true)`, [timeout])
  return row!.before
}
