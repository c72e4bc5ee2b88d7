import { randomUUID } from 'node:crypto'
import type { Test } from 'tap'
import type { JobSignal, LiveProgress, LiveStore } from '../../src/live/live-store.ts'
import type { TestScope } from '../helpers/test-scope.ts'
import { until } from '../helpers/until.ts'

export interface OpenOptions {
  ttlMs?: number
  timeoutMs?: number
  onError?: (error: Error) => void
  /** Another one shares the server, and hears nothing of the first. */
  installation?: string
}

/** A live store's server, and the way to it: what each implementation brings to the suite. */
export interface StoreBench {
  kind: LiveStore['kind']
  /** A store as one server of the application would open it, with a client or pool of its own; closed when the test ends. */
  open (t: TestScope, options?: OpenOptions): Promise<LiveStore>
  /** How many jobs the server holds, whatever the store says. */
  storedCount (): Promise<number>
  empty (): Promise<void>
  /** How many connections stores have opened by themselves. */
  ownConnectionCount (): Promise<number>
}

/** How long a store that is well may take on a machine that is not; those that are to give up are told when. */
export const patientMs = 30_000

export function progress (told: Partial<LiveProgress> = {}): LiveProgress {
  return { fence: 1, processed: 300, total: 2000, message: 'updating: 300/2000', reportedAtMs: Date.now(), ...told }
}

/** Listens, and resolves once signals come through. What is received before that is not kept. */
export async function listening (store: LiveStore, sender = store): Promise<{ received: JobSignal[], unlisten: () => void }> {
  const received: JobSignal[] = []
  const unlisten = store.subscribe((signal) => received.push(signal))
  await heard(received, sender)
  received.length = 0
  return { received, unlisten }
}

/** Signals until one of the signals is received: what is sent while a connection is being made is lost, and may be. */
export async function heard (received: JobSignal[], sender: LiveStore): Promise<void> {
  const probes = new Set<string>()
  await until(async () => {
    const jobId = randomUUID()
    probes.add(jobId)
    await sender.signal({ jobId, kind: 'status' }).catch(() => undefined)
    return received.some((signal) => probes.has(signal.jobId))
  }, { what: 'a signal to be heard' })
  // The last probe is on its way until something sent after it has come.
  const last: JobSignal = { jobId: randomUUID(), kind: 'request' }
  await until(() => sender.signal(last).then(() => true, () => false), { what: 'a store that signals' })
  await until(() => received.some(({ jobId }) => jobId === last.jobId), { what: 'the last of the probes' })
}

/** What every live store does while its server is well. */
export function conformance (t: Test, bench: StoreBench): void {
  t.test('says which one it is, and answers a ping', async (t) => {
    const store = await bench.open(t)
    t.equal(store.kind, bench.kind)
    await t.resolves(store.ping(patientMs))
  })

  t.test('hears what was told, in every member', async (t) => {
    const store = await bench.open(t)
    for (const told of [
      progress(),
      progress({ fence: 2 ** 31 - 1, processed: 0, total: 0, message: '', reportedAtMs: 1 }),
      progress({ processed: 2_000_000_000, total: 2_000_000_000, message: 'größer: ½ “done” 🌍\n:{}%s' })
    ]) {
      const jobId = randomUUID()
      await store.publish(jobId, told)
      t.same(await store.read(jobId), told)
    }
  })

  t.test('knows nothing of a job of which nothing was told', async (t) => {
    const store = await bench.open(t)
    t.equal(await store.read(randomUUID()), undefined)
  })

  t.test('a message with NUL does not cost the progress', async (t) => {
    const store = await bench.open(t)
    const jobId = randomUUID()
    await store.publish(jobId, progress({ message: 'a\0b', processed: 7 }))
    t.match(await store.read(jobId), { processed: 7, message: /^a\0?b$/ })
  })

  t.test('an equal or greater fence overwrites, an older one is ignored and not signalled', async (t) => {
    const store = await bench.open(t)
    const { received } = await listening(store)
    const jobId = randomUUID()
    await store.publish(jobId, progress({ fence: 9, processed: 100 }))
    await store.publish(jobId, progress({ fence: 9, processed: 50 }))
    t.match(await store.read(jobId), { fence: 9, processed: 50 }, 'the same claim may go back, after a rollback')
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

  t.test('who hears the signal of a tell finds what was told', async (t) => {
    const [teller, reader] = [await bench.open(t), await bench.open(t)]
    await listening(reader, teller)
    const jobId = randomUUID()
    const { promise, resolve } = Promise.withResolvers<LiveProgress | undefined>()
    reader.subscribe((signal) => { if (signal.jobId === jobId) resolve(reader.read(jobId)) })
    await teller.publish(jobId, progress({ processed: 11 }))
    t.match(await promise, { processed: 11 })
  })

  t.test('hears many at once, and leaves out the unknown', async (t) => {
    const store = await bench.open(t)
    const jobIds = Array.from({ length: 1_000 }, () => randomUUID())
    await Promise.all(jobIds.map(async (jobId, index) => {
      if (index % 4 !== 0) await store.publish(jobId, progress({ processed: index }))
    }))
    const heard = await store.readMany(jobIds)
    t.equal(heard.size, 750)
    t.ok(jobIds.every((jobId, index) => heard.get(jobId)?.processed === (index % 4 === 0 ? undefined : index)))

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
    t.ok(await store.read(first), 'and may be told of it again')
  })

  forgetting(t, bench)
  signalling(t, bench)
  closing(t, bench)
}

function forgetting (t: Test, bench: StoreBench): void {
  t.test('forgets after its TTL, and a fence with it', async (t) => {
    const store = await bench.open(t, { ttlMs: 300 })
    const jobId = randomUUID()
    /** Told again, where the machine takes so long to ask that the TTL has passed. */
    const isHeard = (fence: number) => until(async () => {
      await store.publish(jobId, progress({ fence }))
      return (await store.read(jobId))?.fence === fence
    }, { what: `fence ${fence} to be heard` })
    await isHeard(5)
    await until(async () => await store.read(jobId) === undefined, { what: 'the TTL to pass' })
    t.same(await store.readMany([jobId]), new Map())
    await isHeard(4)
  })

  t.test('each tell begins the TTL anew', async (t) => {
    const ttlMs = 2_000
    const store = await bench.open(t, { ttlMs })
    const isThere = await until(async () => {
      const jobId = randomUUID()
      await store.publish(jobId, progress())
      const begin = performance.now()
      await until(() => performance.now() - begin > 0.75 * ttlMs)
      const again = performance.now()
      await store.publish(jobId, progress())
      await until(() => performance.now() - begin > 1.25 * ttlMs)
      const heard = await store.read(jobId)
      // Who is asked later than that knows nothing of it either way.
      return performance.now() - again < ttlMs && { heard }
    }, { deadlineMs: 60_000, what: 'an answer in time' })
    t.ok(isThere.heard, 'after one TTL of the first tell, and within that of the second')
  })

  t.test('removes what outlived its TTL, and nothing else', async (t) => {
    const [brief, lasting] = [await bench.open(t, { ttlMs: 200 }), await bench.open(t)]
    await bench.empty()
    const gone = [randomUUID(), randomUUID(), randomUUID()]
    for (const jobId of gone) await brief.publish(jobId, progress())
    await until(async () => (await brief.readMany(gone)).size === 0)
    const kept = randomUUID()
    await lasting.publish(kept, progress())

    // A store whose server forgets by itself has nothing to remove; the others say how many it was.
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
      // Signals by which the listeners were found to listen may still be on their way.
      const heard = () => received.filter(({ jobId }) => ids.has(jobId))
      await until(() => heard().length >= sent.length)
      t.same(heard(), sent)
    }
  })

  t.test('nothing is heard of another installation', async (t) => {
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

  t.test('a listener that has left is not called, the others are', async (t) => {
    const store = await bench.open(t)
    const [leaver, stayer] = [await listening(store), await listening(store)]
    for (const { received } of [leaver, stayer]) received.length = 0
    leaver.unlisten()
    leaver.unlisten()
    await store.signal({ jobId: randomUUID(), kind: 'status' })
    await until(() => stayer.received.length === 1)
    t.same(leaver.received, [])
  })

  t.test('a function that listens twice is called twice, and leaves once at a time', async (t) => {
    const store = await bench.open(t)
    const witness = await listening(store)
    let calls = 0
    const count = () => { calls += 1 }
    const leave = store.subscribe(count)
    store.subscribe(count)
    await store.signal({ jobId: randomUUID(), kind: 'status' })
    await until(() => witness.received.length === 1)
    t.equal(calls, 2)
    leave()
    await store.signal({ jobId: randomUUID(), kind: 'status' })
    await until(() => witness.received.length === 2)
    t.equal(calls, 3)
  })

  t.test('a listener that throws is reported and harms no other', async (t) => {
    const errors: Error[] = []
    const store = await bench.open(t, { onError: (error) => errors.push(error) })
    const mistake = new RangeError('a mistake in a listener')
    store.subscribe(() => { throw mistake })
    await listening(store)
    t.ok(errors.length > 0)
    t.ok(errors.every((error) => error === mistake))
  })
}

function closing (t: Test, bench: StoreBench): void {
  const noConnections = () => until(async () => await bench.ownConnectionCount() === 0, { what: 'own connections to be gone' })

  t.test('opens nothing before it is asked to, and closes what it opened', async (t) => {
    await noConnections()
    const [store, witness] = [await bench.open(t), await bench.open(t)]
    t.equal(await bench.ownConnectionCount(), 0)
    const { received } = await listening(store)
    t.ok(await bench.ownConnectionCount() > 0)

    received.length = 0
    await store.close()
    await noConnections()
    await witness.signal({ jobId: randomUUID(), kind: 'status' })
    t.same(received, [], 'and calls nobody')
    await t.resolves(store.close(), 'twice is as good as once')
    const unlisten = store.subscribe(() => undefined)
    unlisten()
    await witness.close()
    await noConnections()
  })

  t.test('one that was never used closes as well', async (t) => {
    const store = await bench.open(t)
    await t.resolves(store.close())
  })

  t.test('one that is about to connect closes as well', async (t) => {
    const store = await bench.open(t)
    store.subscribe(() => undefined)
    await t.resolves(store.close())
    await noConnections()
  })
}
