import { readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { PostgresFailed } from '../errors.ts'
import { isAlive, readRememberedPort, type Cluster } from './cluster.ts'
import type { PostgresPrograms } from './postgres-programs.ts'
import type { ProgramUser } from './program-user.ts'
import { runProgram } from './run-program.ts'

/** What PostgreSQL writes into its `postmaster.pid`, one thing a line. */
interface Postmaster { pid: number, port: number, status: string }

const startSeconds = 60
const stopSeconds = 30

/**
 * The port of the PostgreSQL that runs in this folder, or undefined. One that is just starting (after a crash that may
 * take a while) or stopping is waited for.
 */
export async function runningPort (cluster: Cluster): Promise<number | undefined> {
  const deadline = Date.now() + startSeconds * 1000
  for (;;) {
    const found = await readPostmaster(cluster)
    if (found === undefined || !await isPostmaster(found.pid)) return undefined
    if (found.status === 'ready') return found.port
    if (Date.now() > deadline) throw new PostgresFailed('PostgreSQL', `it has been "${found.status}" for ${startSeconds} seconds`)
    await pause(50)
  }
}

/** Starts PostgreSQL in this folder and answers its port: the one it had last time, if that is free. */
export async function startPostmaster (cluster: Cluster, programs: PostgresPrograms, user: ProgramUser): Promise<number> {
  await removeForeignPidFile(cluster)
  const port = await freePort(await readRememberedPort(cluster))
  const args = ['start', '-D', cluster.folder, '-w', '-t', String(startSeconds), '-o', `-p ${port}`]
  try {
    await runProgram(programs.pg_ctl, args, user, cluster.logFile)
  } catch (error) {
    const others = await runningPort(cluster)
    if (others === undefined) throw error
    return others
  }
  await writeFile(cluster.portFile, String(port))
  return port
}

/** Ends it in the mode that rolls back what is open and leaves nothing to recover. */
export async function stopPostmaster (cluster: Cluster, programs: PostgresPrograms, user: ProgramUser): Promise<void> {
  await runProgram(programs.pg_ctl, ['stop', '-D', cluster.folder, '-m', 'fast', '-w', '-t', String(stopSeconds)], user, `${cluster.logFile}.stop`)
  await rm(`${cluster.logFile}.stop`, { force: true })
}

async function readPostmaster (cluster: Cluster): Promise<Postmaster | undefined> {
  const text = await readFile(join(cluster.folder, 'postmaster.pid'), 'utf8').catch(() => undefined)
  const [pid, , , port, , , , status] = text?.split('\n') ?? []
  if (pid === undefined) return undefined
  return { pid: Number(pid), port: Number(port), status: status?.trim() || 'starting' }
}

/** After a restart of the machine, or of a container, the number may have gone to another program. */
async function isPostmaster (pid: number): Promise<boolean> {
  if (!isAlive(pid)) return false
  const name = await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => 'postgres')
  return name.trim() === 'postgres'
}

/** PostgreSQL would refuse to start as long as that other program lives. */
async function removeForeignPidFile (cluster: Cluster): Promise<void> {
  const found = await readPostmaster(cluster)
  if (found !== undefined && isAlive(found.pid) && !await isPostmaster(found.pid)) {
    await rm(join(cluster.folder, 'postmaster.pid'), { force: true })
  }
}

async function freePort (wished: number | undefined): Promise<number> {
  return await portIfFree(wished ?? 0) ?? await portIfFree(0) ?? 0
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
