import { randomBytes } from 'node:crypto'
import { chown, lchown, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DataOfOtherVersion, NoDataFolder } from '../errors.ts'
import { isAlive } from './is-alive.ts'
import { majorVersion } from './postgres-programs.ts'
import type { Postgres } from './postgres.ts'
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
 * Creates the data folder, unless it exists. It is created under another name and renamed, so that it is complete or
 * absent; a start that is killed in between leaves a folder that the next start removes.
 */
export async function createCluster (dataFolder: string, postgres: Postgres): Promise<void> {
  const cluster = clusterIn(dataFolder)
  await mkdir(dataFolder, { recursive: true })
  if (await exists(cluster.folder)) return await checkCluster(cluster.folder, postgres)
  await removeOrphaned(dataFolder)

  const stagingFolder = join(dataFolder, `postgres.new-${process.pid}`)
  const newFolder = join(stagingFolder, 'postgres')
  await mkdir(newFolder, { recursive: true, mode: 0o755 })
  try {
    await initializeCluster(newFolder, postgres, { password: randomBytes(18).toString('base64url'), logFile: cluster.logFile, args: serverSettings() })
    await rename(join(stagingFolder, 'password'), join(newFolder, 'cities.password'))
    await publishFolder(newFolder, cluster.folder)
  } finally {
    await rm(stagingFolder, { recursive: true, force: true })
  }
}

/** Lets initdb write into this empty folder; the file with the password of the superuser is left beside it. */
export async function initializeCluster (folder: string, postgres: Postgres, { password, logFile, args }: {
  password: string, logFile: string, args: string[]
}): Promise<void> {
  const { user } = postgres
  const passwordFile = join(folder, '..', 'password')
  await writeFile(passwordFile, password, { mode: 0o600 })
  if (user !== undefined) for (const path of [folder, join(folder, '..'), passwordFile]) await chown(path, user.uid, user.gid)
  // Relative, because the way to the folder may be closed to the user.
  await runProgram(postgres, 'initdb', folder, [
    `--username=${superuser}`, '--pwfile=../password', '--auth=scram-sha-256', '--encoding=UTF8', ...args
  ], logFile)
}

/** Data that exists is used or refused, never replaced. */
async function checkCluster (folder: string, { programs, user, placeVariable }: Postgres): Promise<void> {
  const version = await readFile(join(folder, 'PG_VERSION'), 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'ENOENT' ? new NoDataFolder(folder, placeVariable) : error
  })
  const needed = majorVersion(programs)
  if (version.trim() !== needed) throw new DataOfOtherVersion(folder, version.trim(), needed, placeVariable)
  // A copy that root has made of a data folder belongs to root.
  if (user !== undefined && (await stat(folder)).uid === 0) {
    for (const name of await readdir(folder, { recursive: true })) await lchown(join(folder, name), user.uid, user.gid)
    await chown(folder, user.uid, user.gid)
  }
}

/** Listens on the loopback address only, without socket files, with room for large writes. */
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
  return [
    '--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C',
    ...Object.entries(settings).map(([name, value]) => `--set=${name}=${value}`)
  ]
}

/** Another server may have been faster: then its folder is used, and ours is removed with the staging folder. */
async function publishFolder (newFolder: string, folder: string): Promise<void> {
  try {
    await rename(newFolder, folder)
  } catch (error) {
    if (!await exists(folder)) throw error
  }
}

/** Removes the staging folders of starts that were killed. */
async function removeOrphaned (dataFolder: string): Promise<void> {
  for (const name of await readdir(dataFolder)) {
    const pid = /^postgres\.new-(\d+)$/.exec(name)?.[1]
    if (pid !== undefined && !isAlive(Number(pid))) await rm(join(dataFolder, name), { recursive: true, force: true })
  }
}

export async function readPassword (cluster: Cluster): Promise<string> {
  return await readFile(cluster.passwordFile, 'utf8')
}

export async function readLastPort (cluster: Cluster): Promise<number | undefined> {
  return await readFile(cluster.portFile, 'utf8').then(Number, () => undefined)
}

export async function exists (path: string): Promise<boolean> {
  return await stat(path).then(() => true, () => false)
}
