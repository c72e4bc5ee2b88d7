import { randomBytes } from 'node:crypto'
import { chown, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { PostgresPrograms } from './postgres-programs.ts'
import type { ProgramUser } from './program-user.ts'
import { runProgram } from './run-program.ts'

/** A PostgreSQL data folder inside DATA_DIR. */
export interface Cluster { folder: string, passwordFile: string, portFile: string, logFile: string }

export const superuser = 'postgres'

export function clusterIn (dataFolder: string): Cluster {
  const folder = join(dataFolder, 'postgres')
  return {
    folder,
    passwordFile: join(folder, 'cities.password'),
    portFile: join(folder, 'cities.port'),
    logFile: join(dataFolder, 'postgres.log')
  }
}

/**
 * Makes the data folder, if it is not there. It is made under another name and then renamed, so that it is there whole
 * or not at all; whoever is killed in between leaves a folder that the next start removes.
 */
export async function createCluster (dataFolder: string, programs: PostgresPrograms, user: ProgramUser): Promise<void> {
  const cluster = clusterIn(dataFolder)
  await mkdir(dataFolder, { recursive: true })
  if (await exists(cluster.folder)) return
  await removeLeftovers(dataFolder)

  const workshop = join(dataFolder, `postgres.new-${process.pid}`)
  const newFolder = join(workshop, 'postgres')
  await mkdir(newFolder, { recursive: true, mode: 0o755 })
  const password = randomBytes(18).toString('base64url')
  const passwordFile = join(workshop, 'password')
  await writeFile(passwordFile, password, { mode: 0o600 })
  if (user.owner !== undefined) {
    for (const path of [workshop, newFolder, passwordFile]) await chown(path, user.owner.uid, user.owner.gid)
  }
  await runProgram(programs.initdb, [
    `--pgdata=${newFolder}`, `--username=${superuser}`, `--pwfile=${passwordFile}`, '--auth=scram-sha-256',
    '--encoding=UTF8', '--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C', ...serverSettings()
  ], user, cluster.logFile)
  await rename(passwordFile, join(newFolder, 'cities.password'))
  await takePlace(newFolder, cluster.folder)
  await rm(workshop, { recursive: true, force: true })
}

/** Only our own process's addresses, no socket files, and room for writing many rows at once. */
function serverSettings (): string[] {
  const settings = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: '120',
    shared_buffers: '256MB',
    max_wal_size: '4GB',
    jit: 'off',
    log_timezone: 'UTC',
    timezone: 'UTC'
  }
  return Object.entries(settings).map(([name, value]) => `--set=${name}=${value}`)
}

/** Another server may have been quicker: then its folder stays, and ours goes with the workshop. */
async function takePlace (newFolder: string, folder: string): Promise<void> {
  try {
    await rename(newFolder, folder)
  } catch (error) {
    if (!await exists(folder)) throw error
  }
}

async function removeLeftovers (dataFolder: string): Promise<void> {
  for (const name of await readdir(dataFolder)) {
    const pid = /^postgres\.new-(\d+)$/.exec(name)?.[1]
    if (pid !== undefined && !isAlive(Number(pid))) await rm(join(dataFolder, name), { recursive: true, force: true })
  }
}

export async function readPassword (cluster: Cluster): Promise<string> {
  return await readFile(cluster.passwordFile, 'utf8')
}

export async function readRememberedPort (cluster: Cluster): Promise<number | undefined> {
  return await readFile(cluster.portFile, 'utf8').then(Number, () => undefined)
}

export async function exists (path: string): Promise<boolean> {
  return await stat(path).then(() => true, () => false)
}

/** EPERM says that it is there and belongs to somebody else. */
export function isAlive (pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
