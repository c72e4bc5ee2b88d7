import t from 'tap'
import type { LiveProgress } from '../../src/live/live-store.ts'
import { createProgressTicker, systemClock, type ProgressTickerOptions, type TickerClock } from '../../src/live/progress-ticker.ts'
import { until } from '../helpers/until.ts'

/** A clock that only `advance` moves. */
class TestClock implements TickerClock {
  #nowMs = 1_000_000
  readonly #due = new Set<{ atMs: number, run: () => void }>()

  now = () => this.#nowMs

  after = (ms: number, run: () => void) => {
    const entry = { atMs: this.#nowMs + ms, run }
    this.#due.add(entry)
    return () => { this.#due.delete(entry) }
  }

  get pendingCount () { return this.#due.size }

  setBack (ms: number) { this.#nowMs -= ms }

  /** Runs the timers that fall due, one after the other, and lets the work that each started proceed. */
  async advance (ms: number) {
    const end = this.#nowMs + ms
    for (;;) {
      const next = [...this.#due].filter(({ atMs }) => atMs <= end).sort((left, right) => left.atMs - right.atMs)[0]
      if (next === undefined) break
      this.#due.delete(next)
      this.#nowMs = Math.max(this.#nowMs, next.atMs)
      next.run()
      await settled()
    }
    this.#nowMs = end
    await settled()
  }
}

/** Resolves when all pending microtasks have run. */
const settled = () => new Promise((resolve) => setImmediate(resolve))

/** A ticker on a store whose publications end at once or, if `isSlow`, when the test ends them. */
function start (options: Partial<ProgressTickerOptions> & { isSlow?: boolean } = {}) {
  const clock = new TestClock()
  const errors: Error[] = []
  const published: LiveProgress[] = []
  const ends: { resolve: () => void, reject: (error: Error) => void }[] = []
  let underWay = 0
  let mostUnderWay = 0
  let failure: Error | undefined
  const ticker = createProgressTicker({
    store: {
      async publish (jobId, progress) {
        t.equal(jobId, 'job')
        published.push(progress)
        mostUnderWay = Math.max(mostUnderWay, ++underWay)
        try {
          if (failure) throw failure
          if (options.isSlow) await new Promise<void>((resolve, reject) => ends.push({ resolve, reject }))
        } finally {
          underWay -= 1
        }
      }
    },
    jobId: 'job',
    fence: 3,
    total: 2_000,
    clock,
    onError: (error) => errors.push(error),
    ...options
  })
  return {
    ticker,
    clock,
    errors,
    published,
    ends,
    mostUnderWay: () => mostUnderWay,
    fail: (error: Error | undefined) => { failure = error },
    processed: () => published.map(({ processed }) => processed)
  }
}

t.test('the first update is published at once, with all members', async (t) => {
  const { ticker, published, clock } = start()
  ticker.update(300, 'updating: 300/2000')
  t.same(published, [{ fence: 3, processed: 300, total: 2_000, message: 'updating: 300/2000', reportedAtMs: clock.now() }])
})

t.test('later updates are published together, not before 200 ms, and without another call', async (t) => {
  const { ticker, processed, clock } = start()
  for (let done = 1; done <= 1_000; done++) ticker.update(done)
  await clock.advance(199)
  t.same(processed(), [1])
  await clock.advance(1)
  t.same(processed(), [1, 1_000])
  await clock.advance(60_000)
  t.same(processed(), [1, 1_000], 'without an update nothing is published')
  t.equal(clock.pendingCount, 0)
})

t.test('while updates continue, no more than 500 ms pass without a publication', async (t) => {
  const { ticker, published, clock } = start()
  let longestMs = 0
  for (let done = 1; done <= 1_000; done++) {
    ticker.update(done)
    await clock.advance(7)
    longestMs = Math.max(longestMs, clock.now() - (published.at(-1)?.reportedAtMs ?? 0))
  }
  t.ok(longestMs < 500, `${longestMs} ms`)
  t.ok(published.length <= 7_000 / 200 + 1, `${published.length} publications in 7 s`)
})

t.test('the interval is configurable', async (t) => {
  const { ticker, processed, clock } = start({ everyMs: 50 })
  ticker.update(1)
  ticker.update(2)
  await clock.advance(50)
  t.same(processed(), [1, 2])
})

t.test('a new message alone is an update, a repetition is none', async (t) => {
  const { ticker, published, clock } = start()
  ticker.update(0)
  t.same(published, [], 'no progress yet')
  ticker.update(0, 'reading')
  ticker.update(0, 'reading')
  await clock.advance(1_000)
  t.same(published.map(({ message }) => message), ['reading'])
  ticker.update(0, 'writing')
  t.same(published.map(({ message }) => message), ['reading', 'writing'])
})

t.test('a missing message is composed from the counts; a task may learn its total later', async (t) => {
  const { ticker, published, clock } = start({ describe: (processed, total) => `updating: ${processed}/${total}` })
  ticker.update(1)
  await clock.advance(200)
  ticker.update(2, undefined, 3_000)
  await clock.advance(200)
  ticker.update(3)
  t.same(published.map(({ message }) => message), ['updating: 1/2000', 'updating: 2/3000', 'updating: 3/3000'])
  t.same(published.map(({ total }) => total), [2_000, 3_000, 3_000])
})

t.test('publications do not overlap: updates meanwhile wait for the end of the current one', async (t) => {
  const { ticker, processed, ends, clock, mostUnderWay } = start({ isSlow: true })
  ticker.update(1)
  for (let done = 2; done <= 50; done++) {
    ticker.update(done)
    await clock.advance(100)
  }
  t.same(processed(), [1])
  ends.shift()?.resolve()
  await settled()
  t.same(processed(), [1, 50], 'and are published as soon as it has ended')
  ends.shift()?.resolve()
  await clock.advance(1_000)
  t.equal(mostUnderWay(), 1)
})

t.test('a failing store is reported once and retried with backoff; the last update is published once it has recovered', async (t) => {
  const { ticker, published, errors, clock, fail } = start()
  const failure = new RangeError('away')
  fail(failure)
  for (let done = 1; done <= 600; done++) {
    ticker.update(done)
    await clock.advance(100)
  }
  t.same(errors, [failure])
  t.ok(published.length > 10 && published.length < 25, `${published.length} attempts in a minute`)

  fail(undefined)
  const attempts = published.length
  await clock.advance(5_000)
  t.same(published.slice(attempts).map(({ processed }) => processed), [600], 'the last update is not lost')
  ticker.update(601)
  await clock.advance(200)
  ticker.update(602)
  await clock.advance(200)
  t.equal(published.at(-1)?.processed, 602, 'at the normal interval again')

  fail(failure)
  ticker.update(603)
  await clock.advance(200)
  t.same(errors, [failure, failure], 'the next outage is reported again')
})

t.test('a store or a description that throws synchronously is reported', async (t) => {
  const clock = new TestClock()
  const errors: Error[] = []
  let calls = 0
  const ticker = createProgressTicker({
    store: { publish () { calls += 1; throw new RangeError('at once') } },
    jobId: 'job',
    fence: 1,
    total: 1,
    clock,
    onError: (error) => errors.push(error)
  })
  ticker.update(1)
  await clock.advance(10_000)
  t.ok(calls > 1)
  t.match(errors, [{ message: 'at once' }])
  await ticker.stop()

  const described = start({ describe: () => { throw new RangeError('no words') } })
  described.ticker.update(1)
  await described.clock.advance(1_000)
  t.match(described.errors, [{ message: 'no words' }])
})

t.test('a clock that is set back does not stop the progress', async (t) => {
  const { ticker, processed, clock } = start()
  ticker.update(1)
  await settled()
  clock.setBack(3_600_000)
  ticker.update(2)
  await clock.advance(200)
  t.same(processed(), [1, 2])
})

t.test('stop publishes nothing more, and leaves no timer', async (t) => {
  const { ticker, processed, clock } = start()
  ticker.update(1)
  await settled()
  ticker.update(2)
  t.equal(clock.pendingCount, 1)
  await ticker.stop()
  t.equal(clock.pendingCount, 0)
  ticker.update(3)
  await clock.advance(10_000)
  t.same(processed(), [1])
  await t.resolves(ticker.stop(), 'stop is idempotent')
})

t.test('stop waits for the current publication', async (t) => {
  const { ticker, processed, ends, clock } = start({ isSlow: true })
  ticker.update(1)
  ticker.update(2)
  let stopped = false
  const stopping = ticker.stop().then(() => { stopped = true })
  await clock.advance(900)
  t.notOk(stopped)
  ends.shift()?.resolve()
  await stopping
  t.same(processed(), [1])
  t.equal(clock.pendingCount, 0)
})

t.test('stop waits no longer than its timeout; a publication that fails later is reported', async (t) => {
  const { ticker, errors, ends, clock } = start({ isSlow: true })
  ticker.update(1)
  const stopping = ticker.stop(300)
  await clock.advance(300)
  await stopping
  ends.shift()?.reject(new RangeError('too late'))
  await clock.advance(10_000)
  t.match(errors, [{ message: 'too late' }])
})

t.test('the system clock runs and cancels timers', async (t) => {
  const { ticker, processed } = start({ clock: systemClock, everyMs: 5 })
  ticker.update(1)
  ticker.update(2)
  await until(() => processed().length === 2)
  t.same(processed(), [1, 2])
  const called = { off: true }
  systemClock.after(0, () => { called.off = false })()
  await until(() => new Promise<boolean>((resolve) => systemClock.after(5, () => resolve(true))))
  t.ok(called.off)
})
