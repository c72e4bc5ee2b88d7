import { spawn } from 'node:child_process'
import { open, readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { PostgresFailed } from '../errors.ts'
import type { ProgramUser } from './program-user.ts'

/**
 * Runs one of PostgreSQL's programs to its end, in a session of its own: Ctrl-C in our terminal must not reach the
 * database before our own shutdown has used it. What the program says goes to a file, since a server that it
 * leaves behind keeps writing there after we are gone.
 */
export async function runProgram (program: string, args: string[], user: ProgramUser, logFile: string): Promise<void> {
  const [command, ...rest] = [...user.through, program, ...args] as [string, ...string[]]
  const log = await open(logFile, 'w')
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      const child = spawn(command, rest, {
        cwd: '/',
        detached: true,
        stdio: ['ignore', log.fd, log.fd],
        env: environmentForPrograms(),
        ...(user.through.length === 0 ? user.owner : undefined)
      })
      child.once('error', reject)
      child.once('exit', resolve)
    })
    if (code !== 0) throw new PostgresFailed(basename(program), await lastLines(logFile))
  } finally {
    await log.close()
  }
}

/** Ours without the PG… variables, with which somebody points psql at another database. */
function environmentForPrograms (): NodeJS.ProcessEnv {
  const mine = Object.entries(process.env).filter(([name]) => !name.startsWith('PG'))
  return { ...Object.fromEntries(mine), LC_ALL: 'C' }
}

async function lastLines (file: string): Promise<string> {
  return (await readFile(file, 'utf8')).trimEnd().split('\n').slice(-5).join('\n')
}
