import t from 'tap'
import { Report } from './report.ts'

const output = `TAP version 14
1..2
# Subtest: test/good.test.ts
    # Subtest: what works
        ok 1 - should be equal
        1..1
    ok 1 - what works # time=1.5ms
    
    ok 2 - later # SKIP no time
    not ok 3 - some day # TODO
    1..3
    # time=25.758ms
ok 1 - test/good.test.ts # time=25.758ms

# Subtest: test/bad.test.ts
    printed by the test
    # Subtest: what fails
        not ok 1 - should be equal
          ---
          diff: |
            ...
            -2
            +1
          ...
        
        1..1
    not ok 1 - what fails # time=3.2ms
      ---
      at: elsewhere
      ...
    
    not ok 2 - without details
    1..2
not ok 2 - test/bad.test.ts # time=527.953ms
  ---
  exitCode: 1
  ...

# Subtest: test/dead.test.ts
    1..0
not ok 3 - test/dead.test.ts # time=5ms
  ---
  exitCode: 7
  ...

# No coverage generated
# { total: 6, pass: 1, fail: 3, todo: 1, skip: 1 }
# time=10652.817ms
`

function read (text: string): { lines: string[], report: Report } {
  const lines: string[] = []
  const report = new Report((line) => lines.push(line))
  // In pieces of any length, as from a pipe.
  for (const piece of text.match(/[^]{1,7}/g) ?? []) report.write(piece)
  return { lines, report }
}

t.test('reports every file, every failure with its details, and the output', async (t) => {
  const { lines, report } = read(output)
  t.same(lines, [
    'PASS test/good.test.ts 25.758ms',
    '  printed by the test',
    '  ✖ test/bad.test.ts > what fails > should be equal',
    '      diff: |',
    '        ...',
    '        -2',
    '        +1',
    '  ✖ test/bad.test.ts > without details',
    'FAIL test/bad.test.ts 527.953ms',
    '  ✖ test/dead.test.ts',
    'FAIL test/dead.test.ts 5ms',
    '      exitCode: 7',
    '# No coverage generated'
  ])
  t.same(report.closingLines(1), ['1 passed, 3 failed'])
})

t.test('a run without failures ends with its counts', async (t) => {
  const { report } = read('# { total: 12, pass: 12 }\n')
  t.same(report.closingLines(0), ['12 passed, 0 failed'])
})

t.test('adds up the counts of separate files, and names the slowest of many', async (t) => {
  const { report } = read(Array.from({ length: 12 }, (_, index) => `# Subtest: ${index}.test.ts
    ok 1 - should be equal
    # { total: 2, pass: 1, fail: 1 }
ok ${index + 1} - ${index}.test.ts # time=${index * 1000}.5ms
`).join(''))
  const [heading, ...files] = report.closingLines(1)
  t.equal(heading, 'The 10 slowest of 12 files:')
  t.same(files, [...[11, 10, 9, 8, 7, 6, 5, 4, 3, 2].map((index) => `${String(index).padStart(5)}.0 s ${index}.test.ts`), '12 passed, 12 failed'])
})

t.test('a failed run reports at least one failure', async (t) => {
  t.match(read('').report.closingLines(143), [/ended with 143/, '0 passed, 1 failed'])
  t.match(read('# { total: 12, pass: 12 }\n').report.closingLines(1), [/ended with 1/, '12 passed, 1 failed'])
})

t.test('the output after a file that was killed while it printed details is complete', async (t) => {
  const { lines } = read(`# Subtest: test/killed.test.ts
    # Subtest: what hangs
        not ok 1 - timeout!
          ---
          expired: TAP
not ok 1 - test/killed.test.ts # time=120000ms
  ---
  signal: SIGKILL
  ...

# Subtest: test/good.test.ts
    ok 1 - should be equal
    1..1
ok 2 - test/good.test.ts # time=1ms
`)
  t.same(lines, [
    '  ✖ test/killed.test.ts > what hangs > timeout!',
    '      expired: TAP',
    'FAIL test/killed.test.ts 120000ms',
    'PASS test/good.test.ts 1ms'
  ])
})
