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

/**
 * Whether an error means that the database could not be reached or closed the connection, as opposed to rejecting the statement:
 * class 08 (connection), 57P0x (shutdown, terminated), 53300 (too many connections), or a socket error.
 */
export function isConnectionError (error: unknown): boolean {
  const state = sqlState(error)
  if (state !== undefined) return /^(08|57P0|53300)/.test(state)
  const { code, message } = (error ?? {}) as { code?: unknown, message?: unknown }
  if (typeof code === 'string' && /^(ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EHOST|EAI_)/.test(code)) return true
  return typeof message === 'string' &&
    /connection terminated|client has encountered a connection error|timeout exceeded when trying to connect|connection timeout|not queryable|client was closed/i.test(message)
}
