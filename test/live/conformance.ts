import { randomUUID } from 'node:crypto'
import type { Test } from 'tap'
import type { JobSignal, LiveProgress, LiveStore } from '../../src/live/live-store.ts'
import type { TestScope } from '../helpers/test-scope.ts'
import { until } from '../helpers/until.ts'

export interface OpenOptions {
  ttlMs?: number
  timeoutMs?: number
  onError?: (error: Error) => void
  /** Two installations may share one server; neither receives signals of the other. */
  installation?: string
}

/** A live store's server and how to open stores on it: what each implementation provides to the suite. */
export interface StoreBench {
  kind: LiveStore['kind']
  /** A store as one server of the application would open it, with a client or pool of its own; closed when the test ends. */
  open (t: TestScope, options?: OpenOptions): Promise<LiveStore>
  /** The number of jobs on the server, counted without the store. */
  storedCount (): Promise<number>
  empty (): Promise<void>
  /** The number of connections that stores have opened themselves. */
  ownConnectionCount (): Promise<number>
}

/** The timeout of a store whose server responds: long enough for a busy machine. Tests of timeouts pass their own. */
export const generousTimeoutMs = 30_000

export function progress (changes: Partial<LiveProgress> = {}): LiveProgress {
  return { fence: 1, processed: 300, total: 2000, message: 'updating: 300/2000', reportedAtMs: Date.now(), ...changes }
}

/** Subscribes, and resolves once signals arrive. Those received before that are discarded. */
export async function listening (store: LiveStore, sender = store): Promise<{ received: JobSignal[], unlisten: () => void }> {
  const received: JobSignal[] = []
  const unlisten = store.subscribe((signal) => received.push(signal))
  await waitUntilReceiving(received, sender)
  received.length = 0
  return { received, unlisten }
}

/** Sends signals until one is received: those sent before the connection is established may be lost. */
export async function waitUntilReceiving (received: JobSignal[], sender: LiveStore): Promise<void> {
  const probes = new Set<string>()
  await until(async () => {
    const jobId = randomUUID()
    probes.add(jobId)
    await sender.signal({ jobId, kind: 'status' }).catch(() => undefined)
    return received.some((signal) => probes.has(signal.jobId))
  }, { what: 'a signal to be received' })
  // The last probe may still arrive until a signal that was sent after it has.
  const last: JobSignal = { jobId: randomUUID(), kind: 'request' }
  await until(() => sender.signal(last).then(() => true, () => false), { what: 'a signal to be sent' })
  await until(() => received.some(({ jobId }) => jobId === last.jobId), { what: 'the last probe' })
}

/** What every live store does while its server responds. */
export function conformance (t: Test, bench: StoreBench): void {
  t.test('has a kind, and responds to a ping', async (t) => {
    const store = await bench.open(t)
    t.equal(store.kind, bench.kind)
    await t.resolves(store.ping(generousTimeoutMs))
  })

  t.test('reads every member of the progress that was published', async (t) => {
    const store = await bench.open(t)
    for (const published of [
      progress(),
      progress({ fence: 2 ** 31 - 1, processed: 0, total: 0, message: '', reportedAtMs: 1 }),
      progress({ processed: 2_000_000_000, total: 2_000_000_000, message: 'größer: ½ “done” 🌍\n:{}%s' })
    ]) {
      const jobId = randomUUID()
      await store.publish(jobId, published)
      t.same(await store.read(jobId), published)
    }
  })

  t.test('has no progress of a job that published none', async (t) => {
    const store = await bench.open(t)
    t.equal(await store.read(randomUUID()), undefined)
  })

  t.test('stores progress whose message contains NUL', async (t) => {
    const store = await bench.open(t)
    const jobId = randomUUID()
    await store.publish(jobId, progress({ message: 'a\0b', processed: 7 }))
    t.match(await store.read(jobId), { processed: 7, message: /^a\0?b$/ })
  })

  t.test('an equal or greater fence overwrites; a smaller one is ignored and not signalled', async (t) => {
    const store = await bench.open(t)
    const { received } = await listening(store)
    const jobId = randomUUID()
    await store.publish(jobId, progress({ fence: 9, processed: 100 }))
    await store.publish(jobId, progress({ fence: 9, processed: 50 }))
    t.match(await store.read(jobId), { fence: 9, processed: 50 }, 'the same claim may publish a smaller count, after a rollback')
    await store.publish(jobId, progress({ fence: 10, processed: 1 }))
    await store.publish(jobId, progress({ fence: 9, processed: 1999 }))
    t.match(await store.read(jobId), { fence: 10, processed: 1 })

    await store.signal({ jobId, kind: 'request' })
    await until(() => received.some(({ kind }) => kind === 'request'))
    t.same(received.map(({ kind }) => kind), ['progress', 'progress', 'progress', 'request'])
  })

  t.test('the greatest fence wins whatever the order of arrival', async (t) => {
    const stores = [await bench.open(t), await bench.open(t)]
    const jobId = randomUUID()
    const fences = Array.from({ length: 40 }, (_, index) => (index * 17) % 40 + 1)
    await Promise.all(fences.map((fence, index) => stores[index % 2]?.publish(jobId, progress({ fence, processed: fence }))))
    t.match(await stores[0]?.read(jobId), { fence: 40, processed: 40 })
  })

  t.test('a subscriber that receives the signal of a publication can read it', async (t) => {
    const [publisher, reader] = [await bench.open(t), await bench.open(t)]
    await listening(reader, publisher)
    const jobId = randomUUID()
    const { promise, resolve } = Promise.withResolvers<LiveProgress | undefined>()
    reader.subscribe((signal) => { if (signal.jobId === jobId) resolve(reader.read(jobId)) })
    await publisher.publish(jobId, progress({ processed: 11 }))
    t.match(await promise, { processed: 11 })
  })

  t.test('reads many jobs at once, and omits unknown ones', async (t) => {
    const store = await bench.open(t)
    const jobIds = Array.from({ length: 1_000 }, () => randomUUID())
    await Promise.all(jobIds.map(async (jobId, index) => {
      if (index % 4 !== 0) await store.publish(jobId, progress({ processed: index }))
    }))
    const found = await store.readMany(jobIds)
    t.equal(found.size, 750)
    t.ok(jobIds.every((jobId, index) => found.get(jobId)?.processed === (index % 4 === 0 ? undefined : index)))

    t.same(await store.readMany([]), new Map())
    t.same(await store.readMany([randomUUID()]), new Map())
    const [, known = ''] = jobIds
    t.same([...(await store.readMany([known, known])).keys()], [known])
  })

  t.test('forgets jobs, known and unknown', async (t) => {
    const store = await bench.open(t)
    const [first, second, kept] = [randomUUID(), randomUUID(), randomUUID()] as const
    for (const jobId of [first, second, kept]) await store.publish(jobId, progress())
    await store.forget([first, randomUUID(), second])
    await store.forget([first])
    await store.forget([])
    t.same([...(await store.readMany([first, second, kept])).keys()], [kept])
    await store.publish(first, progress({ fence: 1 }))
    t.ok(await store.read(first), 'and their progress may be published again')
  })

  forgetting(t, bench)
  signalling(t, bench)
  closing(t, bench)
}

function forgetting (t: Test, bench: StoreBench): void {
  t.test('progress and its fence expire after the TTL', async (t) => {
    const store = await bench.open(t, { ttlMs: 300 })
    const jobId = randomUUID()
    /** Publishes again when a busy machine reads only after the TTL has passed. */
    const publishAndRead = (fence: number) => until(async () => {
      await store.publish(jobId, progress({ fence }))
      return (await store.read(jobId))?.fence === fence
    }, { what: `fence ${fence} to be stored` })
    await publishAndRead(5)
    await until(async () => await store.read(jobId) === undefined, { what: 'the TTL to pass' })
    t.same(await store.readMany([jobId]), new Map())
    await publishAndRead(4)
  })

  t.test('each publication restarts the TTL', async (t) => {
    const ttlMs = 2_000
    const store = await bench.open(t, { ttlMs })
    const lastRead = await until(async () => {
      const jobId = randomUUID()
      await store.publish(jobId, progress())
      const begin = performance.now()
      await until(() => performance.now() - begin > 0.75 * ttlMs)
      const again = performance.now()
      await store.publish(jobId, progress())
      await until(() => performance.now() - begin > 1.25 * ttlMs)
      const found = await store.read(jobId)
      // A read after that finds nothing in either case.
      return performance.now() - again < ttlMs && { found }
    }, { deadlineMs: 60_000, what: 'a read within the second TTL' })
    t.ok(lastRead.found, 'after the TTL of the first publication, and within that of the second')
  })

  t.test('removes expired progress, and nothing else', async (t) => {
    const [brief, lasting] = [await bench.open(t, { ttlMs: 200 }), await bench.open(t)]
    await bench.empty()
    const expired = [randomUUID(), randomUUID(), randomUUID()]
    for (const jobId of expired) await brief.publish(jobId, progress())
    await until(async () => (await brief.readMany(expired)).size === 0)
    const kept = randomUUID()
    await lasting.publish(kept, progress())

    // Redis expires its keys itself; the other store resolves to the number of jobs removed.
    t.equal(await brief.removeExpired(), bench.kind === 'redis' ? 0 : 3)
    t.equal(await bench.storedCount(), 1)
    t.equal(await lasting.removeExpired(), 0)
    t.ok(await lasting.read(kept))
  })
}

function signalling (t: Test, bench: StoreBench): void {
  t.test('a signal reaches every listener on every server, once and in order', async (t) => {
    const [one, other] = [await bench.open(t), await bench.open(t)]
    const listeners = [await listening(one), await listening(one), await listening(other, one)]
    const kinds = ['progress', 'status', 'request'] as const
    const sent: JobSignal[] = Array.from({ length: 30 }, (_, index) => ({ jobId: randomUUID(), kind: kinds[index % 3] ?? 'status' }))
    for (const signal of sent) await one.signal(signal)
    const ids = new Set(sent.map(({ jobId }) => jobId))
    for (const { received } of listeners) {
      // Probes of `listening` may still arrive.
      const arrived = () => received.filter(({ jobId }) => ids.has(jobId))
      await until(() => arrived().length >= sent.length)
      t.same(arrived(), sent)
    }
  })

  t.test('signals of another installation are not received', async (t) => {
    const [ours, theirs] = [await bench.open(t), await bench.open(t, { installation: 'other' })]
    const our = await listening(ours)
    const their = await listening(theirs)
    our.received.length = 0
    await theirs.signal({ jobId: randomUUID(), kind: 'status' })
    await until(() => their.received.length === 1)
    const last: JobSignal = { jobId: randomUUID(), kind: 'request' }
    await ours.signal(last)
    await until(() => our.received.length > 0)
    t.same(our.received, [last])
    t.equal(their.received.length, 1)
  })

  t.test('a listener that unsubscribed is not called; the others are', async (t) => {
    const store = await bench.open(t)
    const [leaver, stayer] = [await listening(store), await listening(store)]
    for (const { received } of [leaver, stayer]) received.length = 0
    leaver.unlisten()
    leaver.unlisten()
    await store.signal({ jobId: randomUUID(), kind: 'status' })
    await until(() => stayer.received.length === 1)
    t.same(leaver.received, [])
  })

  t.test('a function subscribed twice is called twice, and unsubscribed one subscription at a time', async (t) => {
    const store = await bench.open(t)
    const witness = await listening(store)
    let calls = 0
    const count = () => { calls += 1 }
    const unsubscribe = store.subscribe(count)
    store.subscribe(count)
    await store.signal({ jobId: randomUUID(), kind: 'status' })
    await until(() => witness.received.length === 1)
    t.equal(calls, 2)
    unsubscribe()
    await store.signal({ jobId: randomUUID(), kind: 'status' })
    await until(() => witness.received.length === 2)
    t.equal(calls, 3)
  })

  t.test('a listener that throws is reported and does not affect the others', async (t) => {
    const errors: Error[] = []
    const store = await bench.open(t, { onError: (error) => errors.push(error) })
    const failure = new RangeError('a listener failed')
    store.subscribe(() => { throw failure })
    await listening(store)
    t.ok(errors.length > 0)
    t.ok(errors.every((error) => error === failure))
  })
}

function closing (t: Test, bench: StoreBench): void {
  const noConnections = () => until(async () => await bench.ownConnectionCount() === 0, { what: 'own connections to be closed' })

  t.test('opens no connection before its first use, and closes those it opened', async (t) => {
    await noConnections()
    const [store, witness] = [await bench.open(t), await bench.open(t)]
    t.equal(await bench.ownConnectionCount(), 0)
    const { received } = await listening(store)
    t.ok(await bench.ownConnectionCount() > 0)

    received.length = 0
    await store.close()
    await noConnections()
    await witness.signal({ jobId: randomUUID(), kind: 'status' })
    t.same(received, [], 'and calls no listener')
    await t.resolves(store.close(), 'close is idempotent')
    const unlisten = store.subscribe(() => undefined)
    unlisten()
    await witness.close()
    await noConnections()
  })

  t.test('closes before its first use', async (t) => {
    const store = await bench.open(t)
    await t.resolves(store.close())
  })

  t.test('closes while it connects', async (t) => {
    const store = await bench.open(t)
    store.subscribe(() => undefined)
    await t.resolves(store.close())
    await noConnections()
  })
}
