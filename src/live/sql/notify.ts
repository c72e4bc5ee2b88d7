import type { Sql } from '../../database/sql.ts'
import type { Notification } from './tell-progress.ts'

/** Notifies everybody who listens on the channel, in this database. */
export async function notify (sql: Sql, { channel, payload }: Notification): Promise<void> {
  await sql.query('SELECT pg_notify($1, $2)', [channel, payload])
}
