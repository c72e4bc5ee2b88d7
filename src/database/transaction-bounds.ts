import type { Sql } from './sql.ts'

/**
 * What the text of a value depends on. Keys and images are compared and restored as text, so all our connections write it in the
 * same way, whatever the role, the database or the application have set. The time zone is left alone: triggers depend on it.
 */
const textSettings = { DateStyle: 'ISO', IntervalStyle: 'postgres', extra_float_digits: '1' }

/** Sets for the whole session what the text of a value depends on. */
export async function setTextFormat (sql: Sql): Promise<void> {
  await sql.query(Object.entries(textSettings).map(([name, value]) => `SET ${name} = '${value}'`).join('; '))
}

const setTextFormatHere = Object.entries(textSettings).map(([name, value]) => `set_config('${name}', '${value}', true)`).join(', ')

/** How long a transaction may take, in milliseconds; 0: without limit. */
export interface TransactionBounds {
  /** Between two statements: a process that freezes would otherwise hold its locks for good. */
  readonly idleMs: number
  /** Waiting for one lock. */
  readonly lockMs: number
  /** For one statement. */
  readonly statementMs: number
}

/** SQL over $1…$3. */
const setBounds = `
  set_config('idle_in_transaction_session_timeout', $1, true),
  set_config('lock_timeout', $2, true),
  set_config('statement_timeout', $3, true)`

function boundValues ({ idleMs, lockMs, statementMs }: TransactionBounds): string[] {
  return [idleMs, lockMs, statementMs].map(String)
}

/** Bounds the current transaction. */
export async function boundTransaction (sql: Sql, bounds: TransactionBounds): Promise<void> {
  await sql.query(`SELECT ${setBounds}`, boundValues(bounds))
}

/**
 * Prepares a transaction that writes records: bounds it, sets the text format, and reads which backend serves it, in one round
 * trip. Deferred constraints are checked at once, so that a rejection names its record and does not surface at the COMMIT.
 *
 * Input: the bounds; the application name of the backend in pg_stat_activity while the transaction lasts (63 bytes at most).
 * Output: the backend, its start in whole milliseconds (JavaScript's dates have no finer ones).
 */
export async function prepareWriteTransaction (
  sql: Sql, { name, ...bounds }: TransactionBounds & { name: string }
): Promise<{ pid: number, start: Date }> {
  const [row] = await sql.query<{ pid: number, start: Date | string }>(`
    SELECT pid, date_trunc('milliseconds', backend_start) AS start, ${setBounds}, set_config('application_name', $4, true), ${setTextFormatHere}
    FROM pg_stat_get_activity(pg_backend_pid())`, [...boundValues(bounds), name])
  await sql.query('SET CONSTRAINTS ALL IMMEDIATE')
  return { pid: row!.pid, start: new Date(row!.start) }
}

/** Sets how long statements of this transaction wait for a lock. Output: the setting before. */
export async function setLockTimeout (sql: Sql, timeout: string): Promise<string> {
  // A select list is evaluated from left to right.
  const [row] = await sql.query<{ before: string }>(`
    SELECT current_setting('lock_timeout') AS before, set_config('lock_timeout', $1, true)`, [timeout])
  return row!.before
}

/** Sets how long each further statement of this transaction may take, in milliseconds. */
export async function setStatementTimeout (sql: Sql, statementMs: number): Promise<void> {
  await sql.query("SELECT set_config('statement_timeout', $1, true)", [String(Math.max(1, Math.ceil(statementMs)))])
}
