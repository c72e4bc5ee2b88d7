import { createHash } from 'node:crypto'
import type { Sql } from './sql.ts'
import type { Tables } from './tables.ts'

/**
 * The id of an installation: of one set of our tables in one database, 16 hexadecimal digits. Queues and channels have it
 * in their names, so that applications with the same prefix can share a Redis or a database without reading each
 * other's deliveries and signals.
 *
 * A copy of a database has the same random id in its tables. So the id is hashed with what the copy does not share: the oid
 * of the database, and the identifier of the server where the role may read it. A physical copy of a whole server shares
 * all of these; where it shares a Redis too, it needs a `prefix` of its own.
 */
export async function readInstallationId (sql: Sql, tables: Tables): Promise<string> {
  const [row] = await sql.query<{ id: string, database: string, readable: boolean }>(`
    SELECT installation.id, database.oid::text AS database, has_function_privilege('pg_control_system()', 'EXECUTE') AS readable
    FROM ${tables.installation} installation, pg_database database
    WHERE database.datname = current_database()`)
  const { id, database, readable } = row!
  const server = readable ? await readSystemIdentifier(sql) : ''
  return createHash('sha256').update(`${id} ${database} ${server}`).digest('hex').slice(0, 16)
}

async function readSystemIdentifier (sql: Sql): Promise<string> {
  const [row] = await sql.query<{ identifier: string }>('SELECT system_identifier::text AS identifier FROM pg_control_system()')
  return row!.identifier
}
