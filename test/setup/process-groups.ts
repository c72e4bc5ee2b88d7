import { spawn, type ChildProcessByStdio, type SpawnOptions } from 'node:child_process'
import type { Readable } from 'node:stream'

/** The leaders of the running groups. */
const leaders = new Set<number>()

export interface GroupEnd {
  code: number | null
  signal: NodeJS.Signals | null
}

/**
 * Runs Node in a process group of its own: Ctrl-C at the terminal reaches only the runner, which signals the process
 * and its children. When the process ends, its children are killed.
 */
export async function runGroup (args: readonly string[], { onOutput, ...options }: Pick<SpawnOptions, 'cwd' | 'env' | 'timeout'> & { onOutput (text: string): void }): Promise<GroupEnd> {
  const child: ChildProcessByStdio<null, Readable, null> = spawn(process.execPath, args, { ...options, stdio: ['ignore', 'pipe', 'inherit'], detached: true })
  const { promise, resolve, reject } = Promise.withResolvers<GroupEnd>()
  const { pid } = child
  if (pid !== undefined) leaders.add(pid)
  child.stdout.setEncoding('utf8').on('data', onOutput)
  // Its children may keep its output open, which delays 'close'.
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
    // The group has no process any more.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
