import { randomUUID } from 'node:crypto'
import type { Test } from 'tap'
import type { LiveProgress, LiveStore } from '../../src/live/live-store.ts'
import { awakeDuring } from '../helpers/awake.ts'
import { until } from '../helpers/until.ts'
import { heard, listening, progress, type StoreBench } from './conformance.ts'

/** A bench whose server may be taken away. */
export interface BreakableBench extends StoreBench {
  /** Connections break, new ones are refused. */
  takeDown (): Promise<void>
  bringUp (): Promise<void>
  /** Connections stay, and nothing is answered. */
  freeze (): Promise<void>
  thaw (): Promise<void>
}

/** Beyond its limit, what a process with much to do may take to say so, of its own time. */
const toleranceMs = 1_500

/** What every live store does while its server is not well, and afterwards. */
export function outages (t: Test, bench: BreakableBench): void {
  t.test('a server that is gone is told in time, and found again when it is back', async (t) => {
    const errors: Error[] = []
    const timeoutMs = 1_000
    const [store, other] = [await bench.open(t, { timeoutMs, onError: (error) => errors.push(error) }), await bench.open(t, { timeoutMs })]
    const [mine, theirs] = [await listening(store), await listening(other, store)]
    const jobId = randomUUID()
    await tells(store, jobId, progress({ fence: 1 }))

    await bench.takeDown()
    await everythingFails(t, store, timeoutMs)
    await until(() => errors.length > 0, { what: 'the outage to be reported' })
    const bornInTheDark = await bench.open(t, { timeoutMs })
    const late = bornInTheDark.subscribe(() => undefined)
    late()
    await t.rejects(bornInTheDark.ping(timeoutMs), { code: 'unavailable' })

    await bench.bringUp()
    for (const each of [store, other, bornInTheDark]) await recovered(each)
    await tells(store, jobId, progress({ fence: 1, processed: 8 }))
    t.match(await until(() => other.read(jobId).catch(() => undefined)), { processed: 8 })
    await heard(mine.received, other)
    await heard(theirs.received, store)
    await listening(bornInTheDark, store)
    t.ok(errors.length < 20, `an outage is reported, not each attempt (${errors.length})`)
  })

  t.test('a server that answers nothing is told in time, and found again when it wakes', async (t) => {
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
    await heard(received, store)
  })

  t.test('closes in time while its server is gone', async (t) => {
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

  t.test('closes in time while its server answers nothing', async (t) => {
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
    rejectsWithin(t, 'tell', store.publish(randomUUID(), progress()), timeoutMs),
    rejectsWithin(t, 'hear', store.read(randomUUID()), timeoutMs),
    rejectsWithin(t, 'hearMany', store.readMany([randomUUID(), randomUUID()]), timeoutMs),
    rejectsWithin(t, 'forget', store.forget([randomUUID()]), timeoutMs),
    rejectsWithin(t, 'signal', store.signal({ jobId: randomUUID(), kind: 'request' }), timeoutMs)
  ])
}

async function rejectsWithin (t: Test, name: string, outcome: Promise<unknown>, limitMs: number): Promise<void> {
  await inTime(t, name, t.rejects(outcome, { code: 'unavailable', statusCode: 503 }, `${name} rejects`), limitMs)
}

async function inTime (t: Test, name: string, outcome: Promise<unknown>, limitMs: number): Promise<void> {
  const tookMs = await awakeDuring(() => outcome)
  t.ok(tookMs < limitMs + toleranceMs, `${name} is over within ${limitMs} ms (${tookMs})`)
}

/** Its limit is short here, and a machine with much to do may need another attempt. */
async function tells (store: LiveStore, jobId: string, told: LiveProgress): Promise<void> {
  await until(() => store.publish(jobId, told).then(() => true, () => false), { what: 'progress to be told' })
}

async function recovered (store: LiveStore): Promise<void> {
  await until(() => store.ping(1_000).then(() => true, () => false), { what: 'a ping to be answered again' })
}
