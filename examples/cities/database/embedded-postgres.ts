import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'
import { DatabaseNotFound } from '../errors.ts'
import { clusterIn, createCluster, readPassword, superuser, type Cluster } from './data-folder.ts'
import type { Database } from './database.ts'
import { fileFailure } from './failure.ts'
import { postgresFor } from './postgres.ts'
import { runningPort, startPostmaster, stopPostmaster } from './postmaster.ts'
import { registerUser, releaseUser } from './database-users.ts'

const databaseName = 'cities'
const findSeconds = 60

const placeVariable = 'DATA_DIR'

export interface Waiting { waiting: (message: string) => void, signal: AbortSignal }

/** Starts the PostgreSQL of this folder, creating it first if necessary, or adopts the one that is running there. */
export async function startEmbedded (dataFolder: string): Promise<Database> {
  try {
    const cluster = clusterIn(dataFolder)
    const postgres = await postgresFor(cluster.folder, placeVariable)
    await createCluster(dataFolder, postgres)
    const port = await runningPort(cluster) ?? await startPostmaster(cluster, postgres)
    await createDatabase(await urlFor(cluster, port, 'postgres'))
    const database = await openShared(cluster, await urlFor(cluster, port, databaseName))
    const { programs, user } = postgres
    return { ...database, place: `files in ${cluster.folder}, programs in ${programs.folder}${user === undefined ? '' : `, run by the user ${user.name}`}` }
  } catch (error) {
    throw fileFailure(error, dataFolder, placeVariable)
  }
}

/**
 * Finds the PostgreSQL that a server has started in this folder, and waits for it for a while.
 * @param waiting called once, if there is none yet
 */
export async function findEmbedded (dataFolder: string, { waiting, signal }: Waiting): Promise<Database> {
  const cluster = clusterIn(dataFolder)
  const deadline = Date.now() + findSeconds * 1000
  for (let attempt = 0; ; attempt++) {
    const port = await runningPort(cluster)
    if (port !== undefined) {
      const url = await urlFor(cluster, port, databaseName)
      if (await answers(url)) return await openShared(cluster, url)
    }
    if (Date.now() > deadline || signal.aborted) throw new DatabaseNotFound(dataFolder)
    if (attempt === 0) waiting(`no database runs in ${dataFolder} yet; waiting ${findSeconds} seconds for the server (npm start)`)
    await pause(200, undefined, { signal }).catch(() => {})
  }
}

async function openShared (cluster: Cluster, url: string): Promise<Database> {
  const user = await registerUser(url)
  return {
    url,
    close: async () => await releaseUser(user, url, async () => {
      await stopPostmaster(cluster, await postgresFor(cluster.folder, placeVariable))
    })
  }
}

async function urlFor (cluster: Cluster, port: number, database: string): Promise<string> {
  return `postgresql://${superuser}:${await readPassword(cluster)}@127.0.0.1:${port}/${database}`
}

/** Two servers that start at once may both try; the error of the second means that it exists. */
async function createDatabase (adminUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: adminUrl })
  await client.connect()
  try {
    const { rowCount } = await client.query('select 1 from pg_database where datname = $1', [databaseName])
    if (rowCount === 0) await client.query(`create database ${databaseName}`)
  } catch (error) {
    const known = ['42P04', '23505']
    if (!known.includes((error as pg.DatabaseError).code ?? '')) throw error
  } finally {
    await client.end()
  }
}

async function answers (url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2000 })
  client.on('error', () => {})
  return await client.connect().then(() => true, () => false).finally(() => client.end().catch(() => {}))
}
