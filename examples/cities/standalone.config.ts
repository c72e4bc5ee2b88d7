import { Redis } from 'ioredis'
import { defineConfig } from '../../src/app/worker/index.ts'
import { findDatabase, type Database } from './database/database.ts'
import { openOrm } from './database/orm.ts'
import { powercrudOptions } from './powercrud.config.ts'
import { readSettings } from './settings.ts'
import { stopping } from './stopping.ts'

let database: Database | undefined

/** The server's options for worker and cleanup, which connect to its database and never start one. */
export default defineConfig(async () => {
  const settings = readSettings()
  database = await findDatabase(settings, { waiting: (message) => console.error(`cities: ${message}`), signal: stopping })
  const redis = settings.redisUrl === undefined ? undefined : new Redis(settings.redisUrl)
  // Queue and live store report Redis errors; without a listener an error would crash the process.
  redis?.on('error', () => {})
  return powercrudOptions({ orm: await openOrm(database.url), redis, worker: 'separate' })
})

/** Closes the database; the last process to do so stops the embedded PostgreSQL. */
export async function closeDatabase (): Promise<void> {
  await database?.close()
}
