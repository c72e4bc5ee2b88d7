import pg from 'pg'

/**
 * Counts the processes that use the embedded PostgreSQL. Each server and worker holds a shared advisory lock on its own
 * connection for as long as it runs; the lock is released with the process, however that ends. A process that gets the
 * lock exclusively is the last one, and stops the server.
 */
const usersLock = 7_306_574_001

/** A lost connection (PostgreSQL was restarted) loses the lock; that is no reason to crash. */
export async function registerUser (url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, application_name: 'cities user' })
  client.on('error', () => {})
  await client.connect()
  await client.query('select pg_advisory_lock_shared($1)', [usersLock])
  return client
}

/**
 * Releases the lock. The last process calls `stopServer` while it holds the lock exclusively, so that no other registers
 * or stops the server at the same time. If PostgreSQL is down already, there is nothing to stop.
 */
export async function releaseUser (user: pg.Client, url: string, stopServer: () => Promise<void>): Promise<void> {
  await user.end().catch(() => {})
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5000 })
  client.on('error', () => {})
  try {
    if (await isLastUser(client)) await stopServer()
  } finally {
    await client.end().catch(() => {})
  }
}

async function isLastUser (client: pg.Client): Promise<boolean> {
  try {
    await client.connect()
    const { rows } = await client.query<{ exclusive: boolean }>('select pg_try_advisory_lock($1) as exclusive', [usersLock])
    return rows[0]?.exclusive === true
  } catch {
    return false
  }
}
