import { AssertionError, fail } from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { TestScope } from './test-scope.ts'

interface StartOptions {
  args?: string[]
  /** Added to the environment of the test. */
  env?: Record<string, string>
  nodeArgs?: string[]
  cwd?: string
}

export interface Exit {
  code: number | null
  signal: NodeJS.Signals | null
}

export interface ChildScript {
  pid: number
  /** The output of both streams so far, in the order of arrival. */
  output (): string
  /** The first line of stdout that matches, also one printed before the call. Fails when the process ends without it. */
  waitForLine (pattern: RegExp, options?: { deadlineMs?: number }): Promise<RegExpExecArray>
  kill (signal?: NodeJS.Signals): void
  /** Resolves when it has ended, for any reason. */
  exited: Promise<Exit>
}

/** Runs a script of the project in a Node process of its own, killed when the test ends if it still runs. */
export function startScript (t: TestScope, script: string | URL, { args = [], env = {}, nodeArgs = [], cwd }: StartOptions = {}): ChildScript {
  const path = script instanceof URL ? fileURLToPath(script) : script
  const child = spawn(process.execPath, [...nodeArgs, path, ...args], { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  const lines: string[] = []
  const listeners = new Set<() => void>()
  const notify = () => { for (const listener of listeners) listener() }
  let output = ''
  let end: Exit | undefined

  child.stdout.on('data', (text: Buffer) => { output += text.toString() })
  child.stderr.on('data', (text: Buffer) => { output += text.toString() })
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(line)
    notify()
  })
  const { promise: exited, resolve } = Promise.withResolvers<Exit>()
  // 'close' comes after the last of the output, also when the process could not be started; but a server that it
  // started and did not stop may keep its pipes open forever.
  child.once('exit', () => setTimeout(() => setImmediate(() => {
    child.stdout.destroy()
    child.stderr.destroy()
  }), 500).unref())
  child.once('close', (code, signal) => {
    end = { code, signal }
    resolve(end)
    notify()
  })
  child.on('error', (error) => { output += error.message })

  t.teardown(async () => {
    child.kill('SIGKILL')
    await exited
  })

  return {
    get pid () { return child.pid ?? fail(`${path} could not be started: ${output}`) },
    output: () => output,
    kill: (signal = 'SIGTERM') => { child.kill(signal) },
    exited,
    async waitForLine (pattern, { deadlineMs = 120_000 } = {}) {
      const { promise: found, resolve, reject } = Promise.withResolvers<RegExpExecArray>()
      const look = () => {
        const match = lines.map((line) => pattern.exec(line)).find((match) => match !== null)
        if (match) resolve(match)
        else if (end) reject(failure(`it ended with ${JSON.stringify(end)}`))
      }
      const failure = (why: string) => new AssertionError({ message: `${path} printed no line like ${pattern}: ${why}\n${output}` })
      const timer = setTimeout(() => reject(failure(`not within ${deadlineMs} ms`)), deadlineMs)
      listeners.add(look)
      look()
      return await found.finally(() => {
        clearTimeout(timer)
        listeners.delete(look)
      })
    }
  }
}
