/** An open test, from its `# Subtest` line to its own `ok` or `not ok`. */
interface Level {
  name: string
  hasFailure: boolean
}

/** How many of the slowest files a run lists at its end. */
const listedFileCount = 10

/**
 * Formats tap's output for people: a line per file, every failed assertion with its details, what the tests printed, and
 * finally the counts. (tap's own reporters redraw the terminal, and without one sometimes lose their last page.)
 */
export class Report {
  readonly #print: (line: string) => void
  #incomplete = ''
  #levels: Level[] = []
  /** Whether the details that may follow are those of a failure. */
  #isFailure = false
  /** The indentation of the details we are in. */
  #detailsIndent: string | undefined
  #counts = { pass: 0, fail: 0 }
  #files: { name: string, ms: number }[] = []

  constructor (print: (line: string) => void) {
    this.#print = print
  }

  write (text: string): void {
    const lines = (this.#incomplete + text).split('\n')
    this.#incomplete = lines.pop() as string
    for (const line of lines) this.#readLine(line)
  }

  /** A failed run has a failure in its counts, even if no assertion failed. */
  closingLines (exitCode: number): string[] {
    const { pass, fail } = this.#counts
    if (exitCode === 0 || fail > 0) return [...this.#slowest(), `${pass} passed, ${fail} failed`]
    return [
      ...this.#slowest(),
      `No assertion failed, but the run ended with ${exitCode}: it did not start, was interrupted, or left coverage under its floor.`,
      `${pass} passed, 1 failed`
    ]
  }

  /** With few files there is no list of the slowest. */
  #slowest (): string[] {
    if (this.#files.length <= listedFileCount) return []
    const files = this.#files.toSorted((one, other) => other.ms - one.ms).slice(0, listedFileCount)
    return [`The ${listedFileCount} slowest of ${this.#files.length} files:`, ...files.map(({ name, ms }) => `${(ms / 1000).toFixed(1).padStart(7)} s ${name}`)]
  }

  #readLine (line: string): void {
    const text = line.trimStart()
    // A killed test file does not end its details: the next line at the level of the file is no part of them.
    if (this.#detailsIndent !== undefined && text !== '' && !line.startsWith(this.#detailsIndent)) this.#detailsIndent = undefined
    if (this.#detailsIndent !== undefined || text === '---') return this.#readDetail(line)
    const depth = Math.floor((line.length - text.length) / 4)

    const subtest = /^# Subtest(?:: (.*))?$/.exec(text)
    if (subtest !== null) {
      this.#levels.length = Math.min(this.#levels.length, depth)
      this.#levels[depth] = { name: subtest[1] ?? '', hasFailure: false }
      return
    }
    const result = /^(not )?ok \d+(?: - (.*?))?( # time=.*| # (?:skip|todo)\b.*)?$/i.exec(text)
    if (result !== null) return this.#readResult(depth, result[1] === undefined, result[2] ?? '', result[3] ?? '')
    if (/^(TAP version|1\.\.\d|# time=|$)/.test(text)) return
    if (text.startsWith('# { total: ')) this.#readSummary(text)
    else this.#print(depth === 0 ? line : `  ${text}`)
  }

  /** Each file that runs separately has one, and a run of tap has one for all files. */
  #readSummary (text: string): void {
    for (const outcome of ['pass', 'fail'] as const) this.#counts[outcome] += Number(new RegExp(`\\b${outcome}: (\\d+)`).exec(text)?.[1] ?? 0)
  }

  #readResult (depth: number, passed: boolean, name: string, directive: string): void {
    const own = this.#levels[depth]
    this.#levels.length = Math.min(this.#levels.length, depth)
    const isToCount = !passed && !/^ # (skip|todo)/i.test(directive)
    // A failed assertion of this test or file has been printed already.
    this.#isFailure = isToCount && own?.hasFailure !== true
    if (this.#isFailure) this.#print(`  ✖ ${[...this.#levels.map((level) => level.name), name].join(' > ')}`)
    if (isToCount) for (const level of this.#levels) level.hasFailure = true
    if (depth > 0) return
    this.#files.push({ name: own?.name ?? name, ms: Number(/time=([\d.]+)ms/.exec(directive)?.[1] ?? 0) })
    this.#print(`${passed ? 'PASS' : 'FAIL'} ${own?.name ?? name}${directive.replace(' # time=', ' ')}`)
  }

  #readDetail (line: string): void {
    if (this.#detailsIndent === undefined) this.#detailsIndent = line.slice(0, -'---'.length)
    else if (line === `${this.#detailsIndent}...`) this.#detailsIndent = undefined
    else if (this.#isFailure) this.#print(`    ${line.slice(this.#levels.length * 4)}`)
  }
}
