import pg from 'pg'

/**
 * Who uses the embedded PostgreSQL. Every server and worker holds one shared advisory lock while it lives, over a
 * connection of its own; the lock goes when the process goes, however that happens. Whoever gets it for itself alone is
 * the last one, and turns off the light.
 */
const residentsLock = 7_306_574_001

/** A connection that is lost (PostgreSQL was restarted) takes the lock along; that is not worth a crash. */
export async function moveIn (url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, application_name: 'cities resident' })
  client.on('error', () => {})
  await client.connect()
  await client.query('select pg_advisory_lock_shared($1)', [residentsLock])
  return client
}

/**
 * Gives the lock back; the last one does `turnOff` while it holds the lock alone, so that nobody moves in or turns off
 * at the same moment. If PostgreSQL is gone already, there is nothing to turn off.
 */
export async function moveOut (resident: pg.Client, url: string, turnOff: () => Promise<void>): Promise<void> {
  await resident.end().catch(() => {})
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5000 })
  client.on('error', () => {})
  try {
    if (await holdsAlone(client)) await turnOff()
  } finally {
    await client.end().catch(() => {})
  }
}

async function holdsAlone (client: pg.Client): Promise<boolean> {
  try {
    await client.connect()
    const { rows } = await client.query<{ alone: boolean }>('select pg_try_advisory_lock($1) as alone', [residentsLock])
    return rows[0]?.alone === true
  } catch {
    return false
  }
}
