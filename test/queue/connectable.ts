import { Client } from 'pg'

/** A database that accepts no connections rejects them with another error than a server that is down. */
export async function setConnectable (url: string, isConnectable: boolean): Promise<void> {
  const server = new URL(url)
  const name = server.pathname.slice(1)
  server.pathname = 'postgres'
  const client = new Client(server.href)
  await client.connect()
  await client.query(`ALTER DATABASE ${name} WITH ALLOW_CONNECTIONS ${isConnectable}`)
  if (!isConnectable) await client.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [name])
  await client.end()
}
