import { randomUUID } from 'node:crypto'
import type { Test } from 'tap'
import type { LiveProgress, LiveStore } from '../../src/live/live-store.ts'
import { awakeDuring } from '../helpers/awake.ts'
import { until } from '../helpers/until.ts'
import { waitUntilReceiving, listening, progress, type StoreBench } from './conformance.ts'

/** A bench whose server can be stopped and frozen. */
export interface BreakableBench extends StoreBench {
  /** Closes all connections, and refuses new ones. */
  takeDown (): Promise<void>
  bringUp (): Promise<void>
  /** Keeps the connections open, and responds to nothing. */
  freeze (): Promise<void>
  thaw (): Promise<void>
}

/** What a busy process may add to a limit, of its own time. */
const toleranceMs = 1_500

/** What every live store does while its server is down or frozen, and afterwards. */
export function outages (t: Test, bench: BreakableBench): void {
  t.test('calls fail within the timeout while the server is down, and succeed once it is up again', async (t) => {
    const errors: Error[] = []
    const timeoutMs = 1_000
    const [store, other] = [await bench.open(t, { timeoutMs, onError: (error) => errors.push(error) }), await bench.open(t, { timeoutMs })]
    const [mine, theirs] = [await listening(store), await listening(other, store)]
    const jobId = randomUUID()
    await publishEventually(store, jobId, progress({ fence: 1 }))

    await bench.takeDown()
    await everythingFails(t, store, timeoutMs)
    await until(() => errors.length > 0, { what: 'the outage to be reported' })
    const openedDuringOutage = await bench.open(t, { timeoutMs })
    const late = openedDuringOutage.subscribe(() => undefined)
    late()
    await t.rejects(openedDuringOutage.ping(timeoutMs), { code: 'unavailable' })

    await bench.bringUp()
    for (const each of [store, other, openedDuringOutage]) await recovered(each)
    await publishEventually(store, jobId, progress({ fence: 1, processed: 8 }))
    t.match(await until(() => other.read(jobId).catch(() => undefined)), { processed: 8 })
    await waitUntilReceiving(mine.received, other)
    await waitUntilReceiving(theirs.received, store)
    await listening(openedDuringOutage, store)
    t.ok(errors.length < 20, `the outage is reported, not each attempt (${errors.length})`)
  })

  t.test('calls fail within the timeout while the server does not respond, and succeed once it does', async (t) => {
    const timeoutMs = 1_000
    const store = await bench.open(t, { timeoutMs })
    const { received } = await listening(store)
    await bench.freeze()
    try {
      await rejectsWithin(t, 'ping', store.ping(200), 200)
      await everythingFails(t, store, timeoutMs)
    } finally {
      await bench.thaw()
    }
    await recovered(store)
    await waitUntilReceiving(received, store)
  })

  t.test('closes within its limit while the server is down', async (t) => {
    const store = await bench.open(t, { timeoutMs: 500 })
    await listening(store)
    await bench.takeDown()
    try {
      await t.rejects(store.ping(500), { code: 'unavailable' })
      await inTime(t, 'close', store.close(), 2_000)
    } finally {
      await bench.bringUp()
    }
  })

  t.test('closes within its limit while the server does not respond', async (t) => {
    const store = await bench.open(t, { timeoutMs: 500 })
    await listening(store)
    await bench.freeze()
    try {
      await inTime(t, 'close', store.close(), 2_000)
    } finally {
      await bench.thaw()
    }
  })
}

async function everythingFails (t: Test, store: LiveStore, timeoutMs: number): Promise<void> {
  await Promise.all([
    rejectsWithin(t, 'ping', store.ping(timeoutMs), timeoutMs),
    rejectsWithin(t, 'publish', store.publish(randomUUID(), progress()), timeoutMs),
    rejectsWithin(t, 'read', store.read(randomUUID()), timeoutMs),
    rejectsWithin(t, 'readMany', store.readMany([randomUUID(), randomUUID()]), timeoutMs),
    rejectsWithin(t, 'forget', store.forget([randomUUID()]), timeoutMs),
    rejectsWithin(t, 'signal', store.signal({ jobId: randomUUID(), kind: 'request' }), timeoutMs)
  ])
}

async function rejectsWithin (t: Test, name: string, outcome: Promise<unknown>, limitMs: number): Promise<void> {
  await inTime(t, name, t.rejects(outcome, { code: 'unavailable', statusCode: 503 }, `${name} rejects`), limitMs)
}

async function inTime (t: Test, name: string, outcome: Promise<unknown>, limitMs: number): Promise<void> {
  const tookMs = await awakeDuring(() => outcome)
  t.ok(tookMs < limitMs + toleranceMs, `${name} settles within ${limitMs} ms (${tookMs})`)
}

/** Its timeout is short here, so a busy machine may need another attempt. */
async function publishEventually (store: LiveStore, jobId: string, progress: LiveProgress): Promise<void> {
  await until(() => store.publish(jobId, progress).then(() => true, () => false), { what: 'progress to be published' })
}

async function recovered (store: LiveStore): Promise<void> {
  await until(() => store.ping(1_000).then(() => true, () => false), { what: 'a response to a ping' })
}
