import { Client, type PoolConfig } from 'pg'
import { queueMigrationsPending, runQueueMigrations } from './queue-migrations.ts'
import { migrations, type Migration } from './index.ts'
import { clientSql } from '../database/pool.ts'
import type { Sql } from '../database/sql.ts'
import { appliedMigrations, boundTransaction, createLedger, lockMigrations, recordMigration } from './ledger.ts'
import { lockQueueMigrations } from './lock-queue-migrations.ts'
import type { Tables } from '../database/tables.ts'

/** What BullMQ's own migrations are called among ours. */
const queueMigration = 'bullmq'

export interface MigrationScope {
  readonly tables: Tables
  /** Where the queue is: BullMQ's own schema is made only where that is PostgreSQL. */
  readonly queue: 'postgres' | 'redis'
}

/**
 * Brings the database up to date, on one connection of its own; resolves to the names of what it applied. May be
 * called by any number of processes at once, and again: each migration is one transaction that first takes a lock
 * and then looks into the ledger, so it happens once or not at all.
 */
export async function migrate (config: PoolConfig, scope: MigrationScope): Promise<string[]> {
  const client = new Client({ connectionTimeoutMillis: 5_000, ...config, application_name: 'powercrud migrate' })
  // A connection that drops is told twice: to the running query, and here.
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

/** The names of the migrations that this database has not seen yet; only reads. */
export async function pendingMigrations (sql: Sql, { tables, queue }: MigrationScope): Promise<string[]> {
  const applied = await appliedMigrations(sql, tables)
  const pending = migrations.map(({ name }) => name).filter((name) => !applied.has(name))
  if (queue === 'postgres' && await queueMigrationsPending(sql)) pending.push(queueMigration)
  return pending
}

/** Whether it was this call that applied it: another process may have been first. */
async function apply (sql: Sql, tables: Tables, migration: Migration): Promise<boolean> {
  await sql.query('BEGIN ISOLATION LEVEL READ COMMITTED')
  try {
    await boundTransaction(sql)
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
