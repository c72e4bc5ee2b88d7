import t from 'tap'
import { createJobFeed, type JobFeed, type FeedEvent } from '../../src/live/job-feed.ts'
import type { JobSignal } from '../../src/live/live-store.ts'

/** A source of signals that the test controls. */
function createSource () {
  const listeners = new Set<(signal: JobSignal) => void>()
  return {
    listeners,
    subscribe (listener: (signal: JobSignal) => void) {
      listeners.add(listener)
      return () => { listeners.delete(listener) }
    },
    arrive (jobId: string, kind: JobSignal['kind']) {
      for (const listener of listeners) listener({ jobId, kind })
    }
  }
}

const never = { pollMs: 2 ** 30 }

async function next (changes: ReturnType<JobFeed['changes']>): Promise<FeedEvent | 'ended'> {
  const { value, done } = await changes.next()
  return done ? 'ended' : value as FeedEvent
}

/** Whether it is still pending once all microtasks have run. */
async function isPending (promise: Promise<unknown>): Promise<boolean> {
  let settled = false
  promise.then(() => { settled = true }, () => { settled = true })
  await new Promise((resolve) => setImmediate(resolve))
  return !settled
}

t.test('the first event is yielded at once, the next ones on signals of that job', async (t) => {
  const source = createSource()
  const feed = createJobFeed(source, never)
  const changes = feed.changes('one')
  t.equal(await next(changes), 'first')
  const second = next(changes)
  source.arrive('other', 'status')
  t.ok(await isPending(second), 'a signal of another job is no event')
  source.arrive('one', 'progress')
  t.equal(await second, 'progress')
  await changes.return()
})

t.test('no signal after the first event is missed; signals that arrive together are one event', async (t) => {
  const source = createSource()
  const feed = createJobFeed(source, never)
  const changes = feed.changes('one')
  await next(changes)
  source.arrive('one', 'progress')
  source.arrive('one', 'status')
  source.arrive('one', 'request')
  source.arrive('one', 'progress')
  t.equal(await next(changes), 'status', 'named by the most important')
  const third = next(changes)
  t.ok(await isPending(third))
  source.arrive('one', 'request')
  t.equal(await third, 'request')
  await changes.return()
})

t.test('without signals the feed yields a poll after an interval', async (t) => {
  const feed = createJobFeed(createSource(), { pollMs: 5 })
  const changes = feed.changes('one')
  t.same([await next(changes), await next(changes), await next(changes)], ['first', 'poll', 'poll'])
  await changes.return()
})

t.test('all loops share one subscription, which starts with the first', async (t) => {
  const source = createSource()
  const feed = createJobFeed(source, never)
  t.equal(source.listeners.size, 0)
  const loops = Array.from({ length: 100 }, (_, index) => feed.changes(`job ${index % 2}`))
  for (const loop of loops) await next(loop)
  t.equal(source.listeners.size, 1)

  const turns = loops.map(next)
  source.arrive('job 1', 'status')
  t.same(await Promise.all(turns.filter((_, index) => index % 2 === 1)), Array(50).fill('status'))
  t.ok(await isPending(Promise.any(turns.filter((_, index) => index % 2 === 0))))
  feed.close()
  t.equal((await Promise.all(turns)).filter((event) => event === 'ended').length, 50)
})

t.test('an abort ends the loop, also while it waits', async (t) => {
  const source = createSource()
  const feed = createJobFeed(source, never)
  const abort = new AbortController()
  const seen: FeedEvent[] = []
  const loop = (async () => { for await (const event of feed.changes('one', abort.signal)) seen.push(event) })()
  await isPending(loop)
  abort.abort()
  await loop
  t.same(seen, ['first'])
  t.equal(await next(feed.changes('one', abort.signal)), 'ended', 'and with a signal already aborted a loop yields nothing')

  const during = new AbortController()
  for await (const event of feed.changes('one', during.signal)) {
    t.equal(event, 'first')
    source.arrive('one', 'status')
    during.abort()
  }
})

t.test('a loop that ends does not affect the others', async (t) => {
  const source = createSource()
  const feed = createJobFeed(source, never)
  const [leaver, stayer] = [feed.changes('one'), feed.changes('one')]
  await next(leaver)
  await next(stayer)
  await leaver.return()
  const turn = next(stayer)
  source.arrive('one', 'status')
  t.equal(await turn, 'status')
  t.equal(await next(leaver), 'ended')
  await stayer.return()
})

t.test('an abort signal that outlives many loops does not collect listeners', async (t) => {
  const feed = createJobFeed(createSource(), never)
  const shutdown = new AbortController()
  let listeners = 0
  const { addEventListener, removeEventListener } = shutdown.signal
  shutdown.signal.addEventListener = function (...args: Parameters<typeof addEventListener>) { listeners += 1; addEventListener.apply(this, args) }
  shutdown.signal.removeEventListener = function (...args: Parameters<typeof removeEventListener>) { listeners -= 1; removeEventListener.apply(this, args) }
  for (let round = 0; round < 20; round++) {
    const changes = feed.changes('one', shutdown.signal)
    await next(changes)
    await changes.return()
  }
  t.equal(listeners, 0)
})

t.test('closing ends every loop, and no new one starts', async (t) => {
  const source = createSource()
  const feed = createJobFeed(source, never)
  const loops = [feed.changes('one'), feed.changes('two')]
  for (const loop of loops) await next(loop)
  const turns = loops.map(next)
  feed.close()
  t.same(await Promise.all(turns), ['ended', 'ended'])
  t.equal(source.listeners.size, 0)
  t.equal(await next(feed.changes('one')), 'ended')
  t.equal(source.listeners.size, 0)
  t.doesNotThrow(() => feed.close())
})
