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

  // Copying files costs a third of the CPU of the default, which writes each page to the log.
  await onceUnused(`a copy of ${template}`, () => runOnce(serverUrl, `CREATE DATABASE ${name} TEMPLATE ${template} STRATEGY FILE_COPY`))
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

/**
 * Suspends a server and all of its sessions: connections stay open, and nothing responds until the returned function is
 * called.
 */
export async function freezePostgres (url: string): Promise<() => void> {
  const client = new Client(url)
  client.on('error', () => {})
  await client.connect()
  const { rows: [postmaster] } = await client.query<{ pid: number }>("SELECT split_part(pg_read_file('postmaster.pid'), E'\\n', 1)::int AS pid")
  const frozen = [postmaster!.pid]
  // The postmaster first, so that no new session starts while the existing ones are looked up.
  process.kill(postmaster!.pid, 'SIGSTOP')
  try {
    const { rows } = await client.query<{ pid: number }>('SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid()')
    for (const { pid } of rows) {
      process.kill(pid, 'SIGSTOP')
      frozen.push(pid)
    }
  } finally {
    await client.end()
  }
  return () => { for (const pid of frozen.splice(0)) process.kill(pid, 'SIGCONT') }
}

async function connect (t: TestScope, url: string): Promise<Client> {
  const client = new Client(url)
  // Tests stop servers and terminate backends; the next query fails anyway.
  client.on('error', () => {})
  await client.connect()
  t.teardown(() => client.end())
  return client
}

/** PostgreSQL itself waits five seconds for the last session of a database to end, and a busy machine may take longer. */
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
