import { randomBytes } from 'node:crypto'
import { Client, DatabaseError } from 'pg'
import { startPostgres, type PostgresServer } from '../setup/postgres.ts'
import { serverAddress } from './addresses.ts'
import type { TestScope } from './test-scope.ts'
import { until } from './until.ts'

export interface TestDatabase {
  url: string
  /** A connection of its own, closed when the test ends. */
  connect (): Promise<Client>
}

/** A new database on the shared server, dropped when the test ends: empty, or a copy of another one. */
export async function createDatabase (t: TestScope, { template = 'template1' } = {}): Promise<TestDatabase> {
  const serverUrl = serverAddress('TEST_DATABASE_URL')
  const name = `test_${randomBytes(6).toString('hex')}`
  const url = new URL(serverUrl)
  url.pathname = name

  await onceUnused(`a copy of ${template}`, () => runOnce(serverUrl, `CREATE DATABASE ${name} TEMPLATE ${template}`))
  t.teardown(() => onceUnused(`the end of ${name}`, () => runOnce(serverUrl, `DROP DATABASE ${name} WITH (FORCE)`)))
  return { url: url.href, connect: () => connect(t, url.href) }
}

export type OwnPostgres = Omit<PostgresServer, 'remove'> & TestDatabase

/** A PostgreSQL server for this test alone, which it may stop and restart. Takes about two seconds. */
export async function ownPostgres (t: TestScope): Promise<OwnPostgres> {
  const server = await startPostgres()
  t.teardown(() => server.remove())
  return { ...server, connect: () => connect(t, server.url) }
}

async function connect (t: TestScope, url: string): Promise<Client> {
  const client = new Client(url)
  // A server that was stopped, or a backend that was ended, is what tests do; the next query says so anyway.
  client.on('error', () => {})
  await client.connect()
  t.teardown(() => client.end())
  return client
}

/** PostgreSQL itself waits five seconds for the last session of a database to be gone, and a busy machine may take longer. */
export async function onceUnused (what: string, run: () => Promise<unknown>): Promise<void> {
  await until(() => run().then(() => true, (error: unknown) => {
    if (error instanceof DatabaseError && error.code === '55006') return false
    throw error
  }), { what })
}

async function runOnce (url: string, statement: string): Promise<void> {
  const client = new Client(url)
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}
