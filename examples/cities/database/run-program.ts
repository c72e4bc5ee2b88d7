import { spawn } from 'node:child_process'
import { open, readFile, statfs } from 'node:fs/promises'
import { failureOf } from './failure.ts'
import { pathOf, type ProgramName } from './postgres-programs.ts'
import type { Postgres } from './postgres.ts'

/** The data folder, as PostgreSQL's programs are given it: they are started in it. */
const currentFolder = '/proc/self/cwd'

/**
 * Runs one of PostgreSQL's programs on a data folder to its end, in a session of its own: Ctrl-C in our terminal must not
 * reach the database before our own shutdown has used it. What the program prints goes to a file, since a server that it
 * leaves behind keeps writing there after we are gone.
 *
 * Another user's programs may not walk to the data folder where a folder above it is closed to them, but they may be
 * started in it: /proc/self/cwd leads there without passing the folders above. PostgreSQL itself never leaves it either.
 */
export async function runProgram (postgres: Postgres, name: ProgramName, folder: string, args: string[], logFile: string): Promise<void> {
  const { programs, user } = postgres
  const byFolder = user !== undefined && process.platform === 'linux'
  const log = await open(logFile, 'w')
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      const child = spawn(pathOf(programs, name), ['-D', byFolder ? currentFolder : folder, ...args], {
        cwd: folder,
        detached: true,
        stdio: ['ignore', log.fd, log.fd],
        env: environmentForPrograms(),
        ...(user === undefined ? {} : { uid: user.uid, gid: user.gid })
      })
      child.once('error', reject)
      child.once('exit', resolve)
    })
    if (code === 0) return
    const said = { output: await readFile(logFile, 'utf8'), logFile, diskIsFull: await isDiskFull(folder) }
    throw failureOf(postgres, name, folder, said)
  } finally {
    await log.close()
  }
}

/** Ours without the PG… variables, which point psql at another database. */
function environmentForPrograms (): NodeJS.ProcessEnv {
  const mine = Object.entries(process.env).filter(([name]) => !name.startsWith('PG'))
  return { ...Object.fromEntries(mine), LC_ALL: 'C' }
}

/** Asked of the disk too: where it is full, what the program wanted to say about it was not written either. */
async function isDiskFull (folder: string): Promise<boolean> {
  const { bavail, bsize } = await statfs(folder)
  return bavail * bsize < 256 * 1024
}
