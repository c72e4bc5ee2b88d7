// npm test [-- files or folders]: starts the servers, runs the tests, and always stops the servers.
// --grep=TEXT runs the tests whose name contains it, --jobs=N runs N files at a time.

import { existsSync } from 'node:fs'
import { availableParallelism, constants } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { runCommand } from './commands.ts'
import { findTestFiles } from './find-files.ts'
import { signalGroups } from './process-groups.ts'
import { requirePrograms } from './programs.ts'
import { Report } from './report.ts'
import { createRunDirectory, removeRunDirectory } from './run-directory.ts'
import { runFiles } from './run-files.ts'
import { SetupError } from './setup-error.ts'
import { startServers } from './start-servers.ts'

const projectRoot = fileURLToPath(new URL('../..', import.meta.url))
const tapProgram = fileURLToPath(new URL('run.mjs', import.meta.resolve('tap')))

// A test file takes about three seconds of CPU, and longer than that it waits for processes, leases and servers.
const defaultJobCount = availableParallelism() + 2

// How long test files may take to end after a signal, before they are killed.
const graceMs = 5_000

const report = new Report((line) => console.log(line))
let interruptedBy: NodeJS.Signals | undefined

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    interruptedBy ??= signal
    signalGroups('SIGTERM')
    setTimeout(signalGroups, graceMs, 'SIGKILL').unref()
  })
}

const code = await run(process.argv.slice(2))
process.exitCode = interruptedBy === undefined ? code : 128 + constants.signals[interruptedBy]
console.log(report.closingLines(process.exitCode).join('\n'))

/** Resolves to 0 if all tests passed. */
async function run (args: readonly string[]): Promise<number> {
  const directory = process.env.TEST_RUN_DIRECTORY = await createRunDirectory()
  // Each test file is a process that imports the same modules: a shared cache saves compiling them again.
  process.env.NODE_COMPILE_CACHE ??= join(directory, 'compile-cache')
  let stopServers = async () => {}
  try {
    const runTests = testsOf(args)
    const { chromium } = await requirePrograms()
    process.env.TEST_CHROMIUM ??= chromium
    if (!process.env.TEST_DATABASE_URL || !process.env.TEST_REDIS_URL) {
      const servers = await startServers()
      stopServers = servers.stop
      Object.assign(process.env, servers.env)
      console.log(`# the servers keep their files in ${directory} until the end of the run`)
    }
    await buildTap()
    return interruptedBy === undefined ? await runTests() : 1
  } catch (error) {
    if (!(error instanceof SetupError)) throw error
    console.error(error.message)
    return 1
  } finally {
    await stopServers()
    await removeRunDirectory(directory)
  }
}

function testsOf (args: readonly string[]): () => Promise<number> {
  const write = (text: string) => report.write(text)
  const { values: { grep, jobs }, positionals } = parseArgs({
    args: [...args], allowPositionals: true, options: { grep: { type: 'string' }, jobs: { type: 'string' } }
  })
  if (grep !== undefined) process.env.TAP_GREP = grep
  const files = findTestFiles(projectRoot, positionals)
  const jobCount = jobs === undefined ? defaultJobCount : Number(jobs)
  return () => runFiles(files, { cwd: projectRoot, jobCount, write, isInterrupted: () => interruptedBy !== undefined })
}

/** tap builds its Test class for the plugins of .taprc once; if the first run did that, it would still use the wrong class. */
async function buildTap (): Promise<void> {
  if (interruptedBy !== undefined || existsSync(join(projectRoot, '.tap', 'plugins'))) return
  await runCommand(process.execPath, [tapProgram, 'build'])
}
