import { spawn } from 'node:child_process'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { freePort } from './free-port.ts'
import { serverDirectory } from './run-directory.ts'
import { SetupError } from './setup-error.ts'

export interface RedisServer {
  url: string
  /** Starts it again on the same port, empty: nothing is ever saved. */
  start (): Promise<void>
  /** SIGTERM stops it cleanly, SIGKILL is a crash. Resolves when it has exited. */
  stop (signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>
  /** Suspends the process: connections stay open, and it responds to nothing. */
  pause (): void
  resume (): void
  /** Stops it and removes its folder. */
  remove (): Promise<void>
}

/** A redis-server of its own on a free port, without persistence. Further arguments make it a node of a Cluster, say. */
export async function startRedis (args: readonly string[] = []): Promise<RedisServer> {
  const directory = await serverDirectory('redis')
  const port = await freePort()
  let running: RedisProcess | undefined

  const start = async () => { running ??= await launch(directory, port, args) }
  const stop = async (signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM') => {
    await running?.end(signal)
    running = undefined
  }
  try {
    await start()
  } catch (error) {
    await rm(directory, { recursive: true, force: true })
    throw error
  }
  return {
    url: `redis://127.0.0.1:${port}`,
    start,
    stop,
    pause () { running?.kill('SIGSTOP') },
    resume () { running?.kill('SIGCONT') },
    async remove () {
      await stop('SIGKILL')
      await rm(directory, { recursive: true, force: true })
    }
  }
}

interface RedisProcess {
  kill (signal: NodeJS.Signals): void
  end (signal: NodeJS.Signals): Promise<void>
}

async function launch (directory: string, port: number, args: readonly string[]): Promise<RedisProcess> {
  const pidFile = join(directory, 'redis.pid')
  const child = spawn('redis-server', [
    '--bind', '127.0.0.1', '--port', String(port), '--dir', directory, '--pidfile', pidFile, '--save', '', '--appendonly', 'no',
    ...args
  ], {
    // No inherited streams: a server that outlives a killed test file would keep that file's pipes open, and tap waiting.
    stdio: ['ignore', 'pipe', 'pipe'],
    // A session of its own: see postgres.ts.
    detached: true
  })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))

  const { promise, resolve, reject } = Promise.withResolvers<void>()
  let printed = ''
  child.once('error', (error) => reject(new SetupError(`redis-server could not be run: ${error.message}`, { cause: error })))
  child.once('exit', () => reject(new SetupError(`redis-server did not start:\n${printed}`)))
  const read = (text: string) => {
    printed += text
    if (printed.includes('Ready to accept connections')) resolve()
  }
  child.stdout.setEncoding('utf8').on('data', read)
  child.stderr.setEncoding('utf8').on('data', read)
  await promise
  // Neither the process nor its output keeps a finished test file alive.
  child.unref()
  child.stdout.destroy()
  child.stderr.destroy()

  return {
    kill (signal) { child.kill(signal) },
    async end (signal) {
      if (child.exitCode === null && child.signalCode === null) {
        child.ref()
        child.kill('SIGCONT')
        child.kill(signal)
        await ended
      }
      await rm(pidFile, { force: true })
    }
  }
}
