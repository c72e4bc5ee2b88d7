import { readFileSync } from 'node:fs'
import { findPackageJSON } from 'node:module'
import { jsonLog, type Print } from '../config/json-log.ts'
import { readArguments, type CommandName } from './arguments.ts'
import type { Command } from './command.ts'
import { describeError } from './describe-error.ts'
import { usage } from './usage.ts'

/** Loaded on demand: `--help` does not have to load a database driver. */
const commands: Record<CommandName, () => Promise<Command>> = {
  worker: async () => (await import('./run-worker.ts')).runWorker,
  migrate: async () => (await import('./run-migrate.ts')).runMigrate,
  cleanup: async () => (await import('./run-cleanup.ts')).runCleanup
}

export interface CliSurroundings {
  readonly print?: Print
  readonly printError?: Print
  /** Aborts when the command should come to an end soon. */
  readonly signal?: AbortSignal
}

/** Does what a command line says; resolves to its exit code, never rejects. */
export async function runCli (args: readonly string[], {
  print = (text) => { process.stdout.write(text) },
  printError = (text) => { process.stderr.write(text) },
  signal = new AbortController().signal
}: CliSurroundings = {}): Promise<0 | 1 | 2> {
  const invocation = readArguments(args)
  switch (invocation.kind) {
    case 'help':
      print(usage)
      return 0
    case 'version':
      print(`${version()}\n`)
      return 0
    case 'invalid':
      printError(`${invocation.message}\nSee powercrud-async --help\n`)
      return 2
    case 'command':
      try {
        const run = await commands[invocation.name]()
        await run(invocation, { print, log: jsonLog(printError), signal })
        return 0
      } catch (error) {
        printError(`powercrud-async ${invocation.name} failed: ${describeError(error)}\n`)
        return 1
      }
  }
}

function version (): string {
  return JSON.parse(readFileSync(findPackageJSON(import.meta.url)!, 'utf8')).version
}
