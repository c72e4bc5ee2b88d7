import { spawn } from 'node:child_process'
import { SetupError } from './setup-error.ts'

interface CommandOptions {
  uid?: number
  gid?: number
  env?: NodeJS.ProcessEnv
  /** Prints the output of the command while it runs; otherwise it is only part of the error. */
  verbose?: boolean
}

/** Runs a command; resolves to its output. An exit code other than 0 is a SetupError that quotes the output. */
export async function runCommand (command: string, args: string[], { verbose = false, ...options }: CommandOptions = {}): Promise<string> {
  const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
  let printed = ''
  let answer = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    answer += text
    printed += text
    if (verbose) process.stderr.write(text)
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    printed += text
    if (verbose) process.stderr.write(text)
  })

  const { promise, resolve, reject } = Promise.withResolvers<void>()
  child.once('error', (error) => reject(new SetupError(`${command} could not be run: ${error.message}`, { cause: error })))
  // 'exit' and not 'close': a server that the command started may keep the pipes open for as long as it runs.
  child.once('exit', (code, signal) => {
    if (code === 0) resolve()
    else reject(new SetupError(`${command} ${args.join(' ')} ended with ${signal ?? `code ${code}`}:\n${printed.trim()}`))
  })
  await promise
  return answer.trim()
}
