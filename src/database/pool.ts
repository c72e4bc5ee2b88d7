import { Kysely } from 'kysely'
import { createConnectionSlots } from './connection-slots.ts'
import { Pool, type ClientBase, type PoolConfig } from 'pg'
import type { MikroORM } from '@mikro-orm/postgresql'
import { markConnectionAlive, markConnectionLost, type Database, type Sql } from './sql.ts'
import { setTextFormat } from './transaction-bounds.ts'

/** The engine's own connections: short statements, heartbeats, live progress. Never the application's pool. */
export interface DatabasePool extends Database {
  /** The connection config, for code that must open connections of its own (LISTEN, the queue). */
  readonly config: PoolConfig
  close (): Promise<void>
}

export interface PoolSettings {
  /** `application_name` of the connections, as in pg_stat_activity. */
  applicationName: string
  /** The maximum number of connections. */
  max: number
  onError: (error: Error) => void
}

/** Builds a pool from the connection settings of the application's MikroORM (ssl and password functions included). */
export function createPool (orm: MikroORM, settings: PoolSettings): DatabasePool {
  return openPool(connectionConfig(orm), settings)
}

/** The pg settings that MikroORM itself connects with, without its type parsers and its pool size. */
export function connectionConfig (orm: MikroORM): PoolConfig {
  const { min, max, types, ...options } = orm.em.getDriver().getConnection('write').mapOptions(driverOptionsOf(orm))
  return options
}

/** What the application gives to the driver beside MikroORM's own options; nothing where it gives a client or a dialect of its own. */
function driverOptionsOf (orm: MikroORM): PoolConfig {
  const configured: unknown = orm.config.get('driverOptions')
  const given = (typeof configured === 'function' ? configured() : configured ?? {}) as PoolConfig & { onPoolCreated?: unknown }
  if (given instanceof Kysely || 'createDriver' in given) return {}
  const { onPoolCreated, ...options } = given
  return options
}

/** How many requests may wait for a connection, and how long: a launch takes milliseconds, so a longer wait would not help. */
const waitersMax = 1_000
const waitMs = 20_000

function openPool (config: PoolConfig, { applicationName, max, onError }: PoolSettings): DatabasePool {
  const pool = new Pool({
    connectionTimeoutMillis: 5_000,
    keepAlive: true,
    ...config,
    max,
    application_name: applicationName,
    // Awaited before the connection is handed out.
    onConnect: (client) => setTextFormat(clientSql(client)) as unknown as void
  })
  const slots = createConnectionSlots({ max, waitersMax, waitMs })
  pool.on('error', onError)
  pool.on('connect', (client) => client.on('error', onError))

  return {
    config,
    async query<Row extends object> (text: string, values: readonly unknown[] = []) {
      try {
        return (await slots.use(() => pool.query(text, values as unknown[]))).rows as Row[]
      } catch (error) {
        markConnectionLost(error)
        throw error
      }
    },
    transaction: (work) => slots.use(async () => {
      const client = await pool.connect().catch((error: unknown) => {
        markConnectionLost(error)
        throw error
      })
      let broken: Error | undefined
      try {
        await client.query('BEGIN ISOLATION LEVEL READ COMMITTED')
        const result = await work(clientSql(client))
        await client.query('COMMIT')
        return result
      } catch (error) {
        await client.query('ROLLBACK').then(() => markConnectionAlive(error), (failure: Error) => {
          markConnectionLost(error)
          broken = failure
        })
        throw error
      } finally {
        client.release(broken)
      }
    }),
    async close () {
      await pool.end()
    }
  }
}

/** Opens the engine's `Sql` on one connection. */
export function clientSql (client: ClientBase): Sql {
  return {
    async query<Row extends object> (text: string, values: readonly unknown[] = []) {
      return (await client.query(text, values as unknown[])).rows as Row[]
    }
  }
}
