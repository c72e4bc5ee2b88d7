import { spawn, type ChildProcessByStdio, type SpawnOptions } from 'node:child_process'
import type { Readable } from 'node:stream'

/** The leaders of the groups that live. */
const leaders = new Set<number>()

export interface GroupEnd {
  code: number | null
  signal: NodeJS.Signals | null
}

/**
 * Runs Node in a process group of its own: Ctrl-C at the terminal reaches the runner alone, and the runner reaches the
 * process and what it started. When it has ended, so has the rest of its group.
 */
export async function runGroup (args: readonly string[], { onOutput, ...options }: Pick<SpawnOptions, 'cwd' | 'env' | 'timeout'> & { onOutput (text: string): void }): Promise<GroupEnd> {
  const child: ChildProcessByStdio<null, Readable, null> = spawn(process.execPath, args, { ...options, stdio: ['ignore', 'pipe', 'inherit'], detached: true })
  const { promise, resolve, reject } = Promise.withResolvers<GroupEnd>()
  const { pid } = child
  if (pid !== undefined) leaders.add(pid)
  child.stdout.setEncoding('utf8').on('data', onOutput)
  // What it left behind may hold its output open, and keep 'close' away.
  child.once('exit', () => { if (pid !== undefined) signalGroup(pid, 'SIGKILL') })
  child.once('error', reject)
  child.once('close', (code, signal) => resolve({ code, signal }))
  return await promise.finally(() => { if (pid !== undefined) leaders.delete(pid) })
}

export function signalGroups (signal: 'SIGTERM' | 'SIGKILL'): void {
  for (const leader of leaders) signalGroup(leader, signal)
}

function signalGroup (leader: number, signal: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(-leader, signal)
  } catch (error) {
    // None of them is left.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
