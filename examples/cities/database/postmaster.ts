import { readFile, readlink, realpath, rm, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { PostgresBusy } from '../errors.ts'
import { readLastPort, type Cluster } from './data-folder.ts'
import { isAlive } from './is-alive.ts'
import type { Postgres } from './postgres.ts'
import { runProgram } from './run-program.ts'

/** The lines of `postmaster.pid`, as PostgreSQL writes them. */
interface Postmaster { pid: number, port: number, status: string }

const startSeconds = 60
const stopSeconds = 30

/**
 * The port of the PostgreSQL that runs in this folder, or undefined. Waits for one
 * that is starting (which takes a while after a crash) or stopping.
 */
export async function runningPort (cluster: Cluster): Promise<number | undefined> {
  const deadline = Date.now() + startSeconds * 1000
  for (;;) {
    const found = await readPostmaster(cluster)
    if (found === undefined || !await isPostmaster(found.pid, cluster)) return undefined
    if (found.status === 'ready') return found.port
    if (Date.now() > deadline) throw new PostgresBusy(cluster.folder, found.status, startSeconds)
    await pause(50)
  }
}

/** Starts PostgreSQL in this folder and returns its port: the one of the last start, if it is free. */
export async function startPostmaster (cluster: Cluster, postgres: Postgres): Promise<number> {
  const deadline = Date.now() + startSeconds * 1000
  for (;;) {
    await removeForeignPidFile(cluster)
    const port = await freePort(await readLastPort(cluster))
    try {
      await runProgram(postgres, 'pg_ctl', cluster.folder, ['start', '-w', '-t', String(startSeconds), '-o', `-p ${port}`], cluster.logFile)
      await writeFile(cluster.portFile, String(port))
      return port
    } catch (error) {
      const others = await runningPort(cluster)
      if (others !== undefined) return others
      if (Date.now() > deadline || !await isTemporary(cluster)) throw error
      await pause(100)
    }
  }
}

/**
 * Another program may have taken the port between the check and the start; and the processes of a server that was killed
 * need a moment to notice it, until which they hold its shared memory.
 */
async function isTemporary ({ logFile }: Cluster): Promise<boolean> {
  return /Address already in use|pre-existing shared memory block|lock file "postmaster.pid" already exists/.test(await readFile(logFile, 'utf8'))
}

/** Stops it in fast mode: open transactions are rolled back, and no recovery is needed. */
export async function stopPostmaster (cluster: Cluster, postgres: Postgres): Promise<void> {
  await runProgram(postgres, 'pg_ctl', cluster.folder, ['stop', '-m', 'fast', '-w', '-t', String(stopSeconds)], `${cluster.logFile}.stop`)
  await rm(`${cluster.logFile}.stop`, { force: true })
}

async function readPostmaster (cluster: Cluster): Promise<Postmaster | undefined> {
  const text = await readFile(join(cluster.folder, 'postmaster.pid'), 'utf8').catch(() => undefined)
  const [pid, , , port, , , , status] = text?.split('\n') ?? []
  if (pid === undefined) return undefined
  return { pid: Number(pid), port: Number(port), status: status?.trim() || 'starting' }
}

/** After a restart of the machine, or of a container, the number may belong to another program, or to another PostgreSQL. */
async function isPostmaster (pid: number, { folder }: Cluster): Promise<boolean> {
  if (!isAlive(pid)) return false
  if (process.platform !== 'linux') return true
  const name = await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '')
  const workingFolder = await readlink(`/proc/${pid}/cwd`).catch(() => undefined)
  return name.trim() === 'postgres' && workingFolder === await realpath(folder)
}

/** PostgreSQL would refuse to start as long as that other program lives. */
async function removeForeignPidFile (cluster: Cluster): Promise<void> {
  const found = await readPostmaster(cluster)
  if (found !== undefined && isAlive(found.pid) && !await isPostmaster(found.pid, cluster)) {
    await rm(join(cluster.folder, 'postmaster.pid'), { force: true })
  }
}

async function freePort (preferred: number | undefined): Promise<number> {
  return await portIfFree(preferred ?? 0) ?? await portIfFree(0) ?? 0
}

function portIfFree (port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', () => resolve(undefined))
    probe.listen(port, '127.0.0.1', () => {
      const { port: found } = probe.address() as AddressInfo
      probe.close(() => resolve(found))
    })
  })
}
