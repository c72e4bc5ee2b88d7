import { Redis } from 'ioredis'
import { defineConfig } from '../../src/app/worker/index.ts'
import { findDatabase, type Database } from './database/database.ts'
import { openOrm } from './database/orm.ts'
import { powercrudOptions } from './powercrud.config.ts'
import { readSettings } from './settings.ts'

let database: Database | undefined

/** The server's options for processes that serve no requests: they find its database, and never start one. */
export default defineConfig(async () => {
  const settings = readSettings()
  database = await findDatabase(settings)
  const redis = settings.redisUrl === undefined ? undefined : new Redis(settings.redisUrl)
  // Queue and live store report what is wrong with Redis; a client without a listener would end the process.
  redis?.on('error', () => {})
  return powercrudOptions({ orm: await openOrm(database.url), redis, worker: 'separate' })
})

/** Lets go of the database; whoever leaves last ends the embedded one. */
export async function closeDatabase (): Promise<void> {
  await database?.close()
}
