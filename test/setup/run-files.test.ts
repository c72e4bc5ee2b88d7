import t, { type Test } from 'tap'
import { until } from '../helpers/until.ts'
import { findTestFiles } from './find-files.ts'
import { Report } from './report.ts'
import { runFiles } from './run-files.ts'

const tap = JSON.stringify(import.meta.resolve('tap'))

async function run (t: Test, files: Record<string, string>, { jobCount = 2 } = {}) {
  const folder = t.testdir(Object.fromEntries(Object.entries(files).map(([name, text]) => [`${name}.test.ts`, text.replace('tap', `import t from ${tap}`)])))
  const lines: string[] = []
  const report = new Report((line) => lines.push(line))
  const code = await runFiles(findTestFiles(folder, ['.']), { jobCount, cwd: folder, write: (text) => report.write(text), isInterrupted: () => false })
  return { code, lines, text: lines.join('\n'), closing: report.closingLines(code) }
}

t.test('reports files that pass', async (t) => {
  const { code, lines, closing } = await run(t, {
    one: "tap; t.test('inner', async (t) => { t.pass(); t.pass() })",
    skipped: "tap; t.plan(0, 'not here')",
    two: 'tap; t.comment("said"); t.pass()'
  }, { jobCount: 1 })
  t.equal(code, 0)
  t.match(lines, [/^PASS one.test.ts \d+ms$/, /^PASS skipped.test.ts/, '  # said', /^PASS two.test.ts/])
  t.same(closing, ['3 passed, 0 failed'])
})

for (const [why, text, said] of [
  ['an assertion', 'tap; t.equal(1, 2)', /✖ file.test.ts > should be equal\n[^]*FAIL file.test.ts/],
  ['a test that never ends', "tap; t.test('waits', () => new Promise(() => {}))", /✖ file.test.ts > waits > test unfinished\n/],
  ['a process that exits in the middle', "tap; t.test('leaves', () => process.exit(0))", /✖ file.test.ts > leaves > test unfinished\n/],
  ['a crash', 'tap; process.kill(process.pid, "SIGKILL")', /FAIL file.test.ts \d+ms\n +signal: SIGKILL/],
  ['a file that cannot be loaded', 'import "nothing"', /FAIL file.test.ts \d+ms\n +exitCode: 1/],
  ['a file without tests', 'tap; void t', /FAIL file.test.ts \d+ms\n +reason: it has no tests/],
  ['a file without tap', 'console.log("hello")', /FAIL file.test.ts \d+ms\n +reason: it has no tests/]
] as const) {
  t.test(`${why} fails the run`, async (t) => {
    const { code, text: printed, closing } = await run(t, { file: text })
    t.equal(code, 1)
    t.match(printed, said)
    t.match(closing.at(-1), / 1 failed$/)
  })
}

t.test('processes that a file started end with it', async (t) => {
  const { code, text } = await run(t, {
    file: `tap
      import { spawn } from 'node:child_process'
      const child = spawn('sleep', ['1000'], { stdio: 'inherit' })
      child.unref()
      t.comment('started ' + child.pid)
      t.pass()`
  })
  t.equal(code, 0)
  const pid = Number(/started (\d+)/.exec(text)?.[1])
  await until(() => !isAlive(pid), { what: 'the process to end' })
})

function isAlive (pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
