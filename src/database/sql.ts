/**
 * The only way the engine runs SQL. A pool, a client inside a transaction, and a MikroORM transaction all implement it,
 * so a statement never depends on the kind of connection that it runs on.
 */
export interface Sql {
  /** Runs one statement with `$1…` parameters; resolves to its rows. */
  query<Row extends object = Record<string, unknown>> (text: string, values?: readonly unknown[]): Promise<Row[]>
}

/** A `Sql` that can open transactions of its own. */
export interface Database extends Sql {
  /**
   * Runs `work` in one explicitly READ COMMITTED transaction on one connection: commits when it resolves, rolls
   * back and rethrows when it rejects. Under a stricter isolation the launch would miss conflicts.
   */
  transaction<Result> (work: (sql: Sql) => Promise<Result>): Promise<Result>
}

/** Quotes a PostgreSQL identifier. */
export function quote (identifier: string): string {
  return `"${identifier.replaceAll('"', '""')}"`
}

/** Text as a literal of SQL, for statements that are stored and cannot have parameters. */
export function quoteText (text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

/** The SQLSTATE of a database error (through MikroORM's wrapping too), or undefined for anything else. */
export function sqlState (error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) ? code : undefined
}

const connectionsAlive = new WeakSet<object>()
const connectionsLost = new WeakSet<object>()

/**
 * Records that the connection still answered after an error. Whatever its code says, the error is then not a lost connection:
 * a trigger, dblink or postgres_fdw can raise every code, and a hook can fail to reach a server of its own.
 */
export function markConnectionAlive (error: unknown): void {
  if (typeof error === 'object' && error !== null) connectionsAlive.add(error)
}

/** Records that an error, if it looks like a lost connection, is one: it comes from a connection on which only our own statements run. */
export function markConnectionLost (error: unknown): void {
  if (typeof error === 'object' && error !== null && isConnectionError(error)) connectionsLost.add(error)
}

/**
 * Whether an error means that the database could not be reached or closed the connection, as opposed to rejecting the statement:
 * class 08 (connection), 57P0x (shutdown, terminated), 53300 (too many connections), or a socket error. An error after which
 * the connection still answered is none.
 */
export function isConnectionError (error: unknown): boolean {
  if (typeof error === 'object' && error !== null && connectionsAlive.has(error) && !connectionsLost.has(error)) return false
  const state = sqlState(error)
  if (state !== undefined) return /^(08|57P0|53300)/.test(state)
  const { code, message } = (error ?? {}) as { code?: unknown, message?: unknown }
  if (code === 'pool_busy') return true
  if (typeof code === 'string' && /^(ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EHOST|EAI_)/.test(code)) return true
  return typeof message === 'string' &&
    /connection terminated|client has encountered a connection error|timeout exceeded when trying to connect|connection timeout|not queryable|client was closed/i.test(message)
}

/** Deadlocks and serialization failures: the transaction is retried. */
export function isTransient (error: unknown): boolean {
  return /^40(001|P01)$/.test(sqlState(error) ?? '')
}
