import t from 'tap'
import type { LiveProgress } from '../../src/live/live-store.ts'
import { createProgressTicker, systemClock, type ProgressTickerOptions, type TickerClock } from '../../src/live/progress-ticker.ts'
import { until } from '../helpers/until.ts'

/** A clock that goes when it is told to. */
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

  /** Runs what falls due on the way, one after the other, and lets what they began go on in between. */
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

/** Lets everything run that waits for nothing but its turn. */
const settled = () => new Promise((resolve) => setImmediate(resolve))

/** A store whose tells end when the test says so, or at once. */
function start (options: Partial<ProgressTickerOptions> & { isSlow?: boolean } = {}) {
  const clock = new TestClock()
  const errors: Error[] = []
  const told: LiveProgress[] = []
  const ends: { resolve: () => void, reject: (error: Error) => void }[] = []
  let underWay = 0
  let mostUnderWay = 0
  let failure: Error | undefined
  const ticker = createProgressTicker({
    store: {
      async publish (jobId, progress) {
        t.equal(jobId, 'job')
        told.push(progress)
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
    told,
    ends,
    mostUnderWay: () => mostUnderWay,
    fail: (error: Error | undefined) => { failure = error },
    processed: () => told.map(({ processed }) => processed)
  }
}

t.test('the first movement is told at once, whole', async (t) => {
  const { ticker, told, clock } = start()
  ticker.update(300, 'updating: 300/2000')
  t.same(told, [{ fence: 3, processed: 300, total: 2_000, message: 'updating: 300/2000', reportedAtMs: clock.now() }])
})

t.test('what follows is told together, not before 200 ms, and without another call', async (t) => {
  const { ticker, processed, clock } = start()
  for (let done = 1; done <= 1_000; done++) ticker.update(done)
  await clock.advance(199)
  t.same(processed(), [1])
  await clock.advance(1)
  t.same(processed(), [1, 1_000])
  await clock.advance(60_000)
  t.same(processed(), [1, 1_000], 'nothing moved, nothing is told')
  t.equal(clock.pendingCount, 0)
})

t.test('while something moves, it is never untold for 500 ms', async (t) => {
  const { ticker, told, clock } = start()
  let longestMs = 0
  for (let done = 1; done <= 1_000; done++) {
    ticker.update(done)
    await clock.advance(7)
    longestMs = Math.max(longestMs, clock.now() - (told.at(-1)?.reportedAtMs ?? 0))
  }
  t.ok(longestMs < 500, `${longestMs} ms`)
  t.ok(told.length <= 7_000 / 200 + 1, `${told.length} tells in 7 s`)
})

t.test('the interval may be another', async (t) => {
  const { ticker, processed, clock } = start({ everyMs: 50 })
  ticker.update(1)
  ticker.update(2)
  await clock.advance(50)
  t.same(processed(), [1, 2])
})

t.test('a message alone is a movement, a repetition is none', async (t) => {
  const { ticker, told, clock } = start()
  ticker.update(0)
  t.same(told, [], 'nothing moved yet')
  ticker.update(0, 'reading')
  ticker.update(0, 'reading')
  await clock.advance(1_000)
  t.same(told.map(({ message }) => message), ['reading'])
  ticker.update(0, 'writing')
  t.same(told.map(({ message }) => message), ['reading', 'writing'])
})

t.test('a message that is left out is written from the numbers; a task may learn its total later', async (t) => {
  const { ticker, told, clock } = start({ describe: (processed, total) => `updating: ${processed}/${total}` })
  ticker.update(1)
  await clock.advance(200)
  ticker.update(2, undefined, 3_000)
  await clock.advance(200)
  ticker.update(3)
  t.same(told.map(({ message }) => message), ['updating: 1/2000', 'updating: 2/3000', 'updating: 3/3000'])
  t.same(told.map(({ total }) => total), [2_000, 3_000, 3_000])
})

t.test('tells do not overlap: what moves meanwhile waits for the end of the one under way', async (t) => {
  const { ticker, processed, ends, clock, mostUnderWay } = start({ isSlow: true })
  ticker.update(1)
  for (let done = 2; done <= 50; done++) {
    ticker.update(done)
    await clock.advance(100)
  }
  t.same(processed(), [1])
  ends.shift()?.resolve()
  await settled()
  t.same(processed(), [1, 50], 'and is told as soon as it can be')
  ends.shift()?.resolve()
  await clock.advance(1_000)
  t.equal(mostUnderWay(), 1)
})

t.test('a store that fails does no harm, is reported once, tried ever more seldom, and told when it is back', async (t) => {
  const { ticker, told, errors, clock, fail } = start()
  const failure = new RangeError('away')
  fail(failure)
  for (let done = 1; done <= 600; done++) {
    ticker.update(done)
    await clock.advance(100)
  }
  t.same(errors, [failure])
  t.ok(told.length > 10 && told.length < 25, `${told.length} attempts in a minute`)

  fail(undefined)
  const attempts = told.length
  await clock.advance(5_000)
  t.same(told.slice(attempts).map(({ processed }) => processed), [600], 'what moved last is not lost')
  ticker.update(601)
  await clock.advance(200)
  ticker.update(602)
  await clock.advance(200)
  t.equal(told.at(-1)?.processed, 602, 'at the old pace again')

  fail(failure)
  ticker.update(603)
  await clock.advance(200)
  t.same(errors, [failure, failure], 'the next outage is another one')
})

t.test('a store that throws before it promises anything, and a description that throws, do no harm either', async (t) => {
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

t.test('a clock that is set back does not silence the job', async (t) => {
  const { ticker, processed, clock } = start()
  ticker.update(1)
  await settled()
  clock.setBack(3_600_000)
  ticker.update(2)
  await clock.advance(200)
  t.same(processed(), [1, 2])
})

t.test('stop tells nothing more, and leaves no timer', async (t) => {
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
  await t.resolves(ticker.stop(), 'twice is as good as once')
})

t.test('stop waits for a tell under way', async (t) => {
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

t.test('stop does not wait for ever, nor mind how it ends', async (t) => {
  const { ticker, errors, ends, clock } = start({ isSlow: true })
  ticker.update(1)
  const stopping = ticker.stop(300)
  await clock.advance(300)
  await stopping
  ends.shift()?.reject(new RangeError('too late'))
  await clock.advance(10_000)
  t.match(errors, [{ message: 'too late' }])
})

t.test('the clock of the machine goes by itself', async (t) => {
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
