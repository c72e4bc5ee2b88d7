// npm test [-- files or options of tap]: starts the servers, runs tap, and stops the servers whatever happens.

import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync } from 'node:fs'
import { availableParallelism, constants } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runCommand } from './commands.ts'
import { requirePrograms } from './programs.ts'
import { Report } from './report.ts'
import { createRunDirectory, removeRunDirectory } from './run-directory.ts'
import { SetupError } from './setup-error.ts'
import { startServers } from './start-servers.ts'

const projectRoot = fileURLToPath(new URL('../..', import.meta.url))
const tapProgram = fileURLToPath(new URL('run.mjs', import.meta.resolve('tap')))

// Tests wait for leases, servers and each other about as much as they compute.
const jobCount = availableParallelism() + 1

// How long tap and its test files may take to end after a signal, before they are killed.
const graceMs = 5_000

const report = new Report((line) => console.log(line))
let interruptedBy: NodeJS.Signals | undefined
let tap: ChildProcess | undefined

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    interruptedBy ??= signal
    interruptTap()
  })
}

const code = await run(process.argv.slice(2))
process.exitCode = interruptedBy === undefined ? code : 128 + constants.signals[interruptedBy]
console.log(report.closingLines(process.exitCode).join('\n'))

/** Answers tap's exit code, or 1 where it did not come to tap. */
async function run (args: string[]): Promise<number> {
  const directory = process.env.TEST_RUN_DIRECTORY = await createRunDirectory()
  // Each test file is a process, and each imports the same: what one has compiled the others find.
  process.env.NODE_COMPILE_CACHE ??= join(directory, 'compile-cache')
  let stopServers = async () => {}
  try {
    const { chromium } = await requirePrograms()
    process.env.TEST_CHROMIUM ??= chromium
    if (!process.env.TEST_DATABASE_URL || !process.env.TEST_REDIS_URL) {
      const servers = await startServers()
      stopServers = servers.stop
      Object.assign(process.env, servers.env)
      console.log(`# the servers keep their files in ${directory} until the end of the run`)
    }
    await buildTap()
    return await runTap(args)
  } catch (error) {
    if (!(error instanceof SetupError)) throw error
    console.error(error.message)
    return 1
  } finally {
    await stopServers()
    await removeRunDirectory(directory)
  }
}

/** tap builds its Test class for the plugins of .taprc once; left to the first run, that run would still have the wrong one. */
async function buildTap (): Promise<void> {
  if (interruptedBy !== undefined || existsSync(join(projectRoot, '.tap', 'plugins'))) return
  await runCommand(process.execPath, [tapProgram, 'build'])
}

async function runTap (args: string[]): Promise<number> {
  if (interruptedBy !== undefined) return 1
  // The floor of .taprc is one for the whole run: a single file cannot reach it.
  const coverage = args.some((arg) => !arg.startsWith('-')) ? ['--disable-coverage'] : []
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  tap = spawn(process.execPath, [tapProgram, '--reporter=tap', `--jobs=${jobCount}`, ...coverage, ...args], {
    cwd: projectRoot,
    stdio: ['ignore', 'pipe', 'inherit'],
    // A process group of its own: Ctrl-C at the terminal reaches the runner alone, and the runner reaches all of them.
    detached: true
  })
  tap.stdout?.setEncoding('utf8').on('data', (text: string) => report.write(text))
  tap.once('error', reject)
  tap.once('close', (code) => resolve(code ?? 1))
  const code = await promise
  signalTap('SIGKILL')
  return code
}

function interruptTap (): void {
  signalTap('SIGTERM')
  setTimeout(signalTap, graceMs, 'SIGKILL').unref()
}

/** Signals tap, its test files, and what these started. */
function signalTap (signal: 'SIGTERM' | 'SIGKILL'): void {
  if (tap?.pid === undefined) return
  try {
    process.kill(-tap.pid, signal)
  } catch (error) {
    // None of them is left.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
