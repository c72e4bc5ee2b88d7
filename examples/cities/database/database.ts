import type { Settings } from '../settings.ts'
import { findEmbedded, startEmbedded } from './embedded-postgres.ts'

/** A database that can be spoken to until it is closed. Closing never ends what somebody else still uses. */
export interface Database {
  url: string
  /** where the server that was started keeps its files */
  place?: string
  close: () => Promise<void>
}

type Where = Pick<Settings, 'databaseUrl' | 'dataFolder'>

/** For the server: the database of DATABASE_URL, or the embedded one, which is started if it does not run. */
export async function openDatabase ({ databaseUrl, dataFolder }: Where): Promise<Database> {
  return databaseUrl === undefined ? await startEmbedded(dataFolder) : given(databaseUrl)
}

/** For worker and cleanup: the same database, which the server must have started. */
export async function findDatabase ({ databaseUrl, dataFolder }: Where): Promise<Database> {
  return databaseUrl === undefined ? await findEmbedded(dataFolder) : given(databaseUrl)
}

function given (url: string): Database {
  return { url, close: async () => {} }
}
