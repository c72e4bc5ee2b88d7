import type { Sql } from '../database/sql.ts'

/** `PCQM` in ASCII: the class of the advisory lock. Applications with schemas of their own share the queue's. */
const lockClass = 0x5043514d

/**
 * Takes the lock on migrating the queue's schema; it is held until the session ends. BullMQ has a lock of its own, but
 * creates the schema before it takes it, and of two concurrent `CREATE SCHEMA IF NOT EXISTS` one fails.
 */
export async function lockQueueMigrations (sql: Sql): Promise<void> {
  await sql.query('SELECT pg_advisory_lock($1, 0)', [lockClass])
}
