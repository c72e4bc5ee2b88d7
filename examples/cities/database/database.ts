import type { Settings } from '../settings.ts'
import { findEmbedded, startEmbedded, type Waiting } from './embedded-postgres.ts'

/** A database to connect to. Closing it never stops a server that another process still uses. */
export interface Database {
  url: string
  /** where the embedded server keeps its files */
  place?: string
  close: () => Promise<void>
}

type Where = Pick<Settings, 'databaseUrl' | 'dataFolder'>

/** For the server: the database of DATABASE_URL, or the embedded one, started if it is not running. */
export async function openDatabase ({ databaseUrl, dataFolder }: Where): Promise<Database> {
  return databaseUrl === undefined ? await startEmbedded(dataFolder) : given(databaseUrl)
}

/** For worker and cleanup: the same database, which the server must have started. */
export async function findDatabase ({ databaseUrl, dataFolder }: Where, waiting: Waiting): Promise<Database> {
  return databaseUrl === undefined ? await findEmbedded(dataFolder, waiting) : given(databaseUrl)
}

function given (url: string): Database {
  return { url, close: async () => {} }
}
