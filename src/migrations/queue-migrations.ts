import { assertSchemaCompatibility, LATEST_SCHEMA_VERSION, runMigrations, SchemaMigrationRequiredError } from 'bullmq'
import type { ClientBase } from 'pg'
import type { Sql } from '../database/sql.ts'

/**
 * Migrates BullMQ's own schema (`bullmq`) to the version that this BullMQ requires, in one transaction under its own advisory lock.
 * Requires a session of its own: neither a pool nor a client that is inside a transaction.
 */
export async function runQueueMigrations (client: ClientBase): Promise<void> {
  await runMigrations(client)
}

/**
 * Whether `runQueueMigrations` has something to do; one read. Rejects when the schema is that of a newer BullMQ.
 */
export async function queueMigrationsPending (sql: Sql): Promise<boolean> {
  const reader = {
    query: async (text: string, values?: readonly unknown[]) => ({ rows: await sql.query<never>(text, values) })
  }
  try {
    return await assertSchemaCompatibility(reader) < LATEST_SCHEMA_VERSION
  } catch (error) {
    if (error instanceof SchemaMigrationRequiredError) return true
    throw error
  }
}
