import { Client, type PoolConfig } from 'pg'
import { queueMigrationsPending, runQueueMigrations } from './queue-migrations.ts'
import { migrations, type Migration } from './index.ts'
import { clientSql } from '../database/pool.ts'
import { boundTransaction } from '../database/transaction-bounds.ts'
import type { Sql } from '../database/sql.ts'
import { appliedMigrations, createLedger, lockMigrations, recordMigration } from './ledger.ts'
import { lockQueueMigrations } from './lock-queue-migrations.ts'
import type { Tables } from '../database/tables.ts'

/** No process waits longer than this for another one that is frozen in its migration. The migration's own statements may take as long as they need. */
const bounds = { idleMs: 60_000, lockMs: 60_000, statementMs: 0 }

/** The name of BullMQ's own migrations in the result. */
const queueMigration = 'bullmq'

export interface MigrationScope {
  readonly tables: Tables
  /** Where the queue is: BullMQ's schema is created only for PostgreSQL. */
  readonly queue: 'postgres' | 'redis'
}

/**
 * Brings the database up to date, on one connection of its own; resolves to the names of what it applied. May be
 * called by any number of processes at once, and again: each migration is one transaction that first takes a lock
 * and then reads the ledger, so it is applied once or not at all.
 */
export async function migrate (config: PoolConfig, scope: MigrationScope): Promise<string[]> {
  const client = new Client({ connectionTimeoutMillis: 5_000, ...config, application_name: 'powercrud migrate' })
  // A lost connection is reported twice: to the running query, and here.
  client.on('error', () => undefined)
  await client.connect()
  try {
    const sql = clientSql(client)
    // With nothing to do, nothing is written: a server may start as a role that cannot create tables.
    const pending = new Set(await pendingMigrations(sql, scope))
    const applied: string[] = []
    for (const migration of migrations) {
      if (pending.has(migration.name) && await apply(sql, scope.tables, migration)) applied.push(migration.name)
    }
    if (pending.has(queueMigration)) {
      await lockQueueMigrations(sql)
      if (await queueMigrationsPending(sql)) {
        await runQueueMigrations(client)
        applied.push(queueMigration)
      }
    }
    return applied
  } finally {
    await client.end().catch(() => undefined)
  }
}

/** The names of the migrations that are not applied yet; only reads. */
export async function pendingMigrations (sql: Sql, { tables, queue }: MigrationScope): Promise<string[]> {
  const applied = await appliedMigrations(sql, tables)
  const pending = migrations.map(({ name }) => name).filter((name) => !applied.has(name))
  if (queue === 'postgres' && await queueMigrationsPending(sql)) pending.push(queueMigration)
  return pending
}

/** Whether this call applied it: another process may have been faster. */
async function apply (sql: Sql, tables: Tables, migration: Migration): Promise<boolean> {
  await sql.query('BEGIN ISOLATION LEVEL READ COMMITTED')
  try {
    await boundTransaction(sql, bounds)
    await lockMigrations(sql, tables)
    await createLedger(sql, tables)
    const isNew = !(await appliedMigrations(sql, tables)).has(migration.name)
    if (isNew) {
      await sql.query(migration.up(tables))
      await recordMigration(sql, tables, migration.name)
    }
    await sql.query('COMMIT')
    return isNew
  } catch (error) {
    await sql.query('ROLLBACK').catch(() => undefined)
    throw error
  }
}
