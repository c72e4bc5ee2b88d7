import { runGroup, type GroupEnd } from './process-groups.ts'

/** Seconds for a file: the limit is for a file that hangs, not for a busy machine. */
const timeoutS = 900

/** The plan at the end of a file, or the only line of a skipped one. */
const hasTests = /^1\.\.(?:[1-9]|0 # (?!no tests found))/m
const failureCount = /^# \{ total: .*\bfail: /m

interface RunOptions {
  jobCount: number
  cwd: string
  /** Receives the output of the files, as `tap run` would write it. */
  write (text: string): void
  isInterrupted (): boolean
}

/**
 * Runs test files, each in a process of its own, `jobCount` at a time; resolves to 0 if all of them passed. `tap run` records
 * for its coverage which files a process loads: half a second of CPU for each test file and each script that one starts.
 */
export async function runFiles (files: readonly string[], { jobCount, cwd, write, isInterrupted }: RunOptions): Promise<number> {
  const env = { ...process.env, TAP: '1', TAP_TIMEOUT: String(timeoutS) }
  const queue = files.entries()
  let exitCode = 0
  write('TAP version 14\n')

  const work = async () => {
    for (const [index, file] of queue) {
      if (isInterrupted()) return
      const startedAtMs = performance.now()
      let output = ''
      const end = await runGroup([file], { cwd, env, timeout: (timeoutS + 60) * 1000, onOutput: (text) => { output += text } })
      const passed = end.code === 0 && hasTests.test(output)
      if (!passed) exitCode = 1
      const result = `${passed ? 'ok' : 'not ok'} ${index + 1} - ${file} # time=${Math.round(performance.now() - startedAtMs)}ms`
      write(`${asSubtest(file, output)}${result}\n${passed ? '' : detailsOf(end, output)}\n`)
    }
  }
  await Promise.all(Array.from({ length: jobCount }, work))
  return exitCode
}

function asSubtest (file: string, output: string): string {
  return `# Subtest: ${file}\n${output.trimEnd().replaceAll(/^/gm, '    ')}\n`
}

/** A file that was killed or could not be loaded counts as one failure, since it has printed no counts. */
function detailsOf ({ code, signal }: GroupEnd, output: string): string {
  const reason = signal !== null ? `signal: ${signal}` : code !== 0 ? `exitCode: ${code}` : 'reason: it has no tests'
  return `  ---\n  ${reason}\n  ...\n${failureCount.test(output) ? '' : '# { total: 1, fail: 1 }\n'}`
}
