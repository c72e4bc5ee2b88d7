import type { Test } from 'tap'
import type { DeliveryOutcome } from '../../src/queue/job-queue.ts'
import { startScript } from '../helpers/processes.ts'
import { until } from '../helpers/until.ts'
import { newDelivery, openConsumer, openQueue } from './deliveries.ts'
import { sharedQueue, shortLeaseMs, type Kind } from './queue-server.ts'

const consumerProcess = new URL('consumer-process.ts', import.meta.url)

/** What every queue backend does while its server responds. */
export async function conformance (t: Test, kind: Kind): Promise<void> {
  await t.test('a delivery reaches one consumer, once, and is then removed', async (t) => {
    const server = await sharedQueue(t, kind)
    const queue = await openQueue(t, server)
    const consumers = await Promise.all([openConsumer(t, server), openConsumer(t, server)])
    const deliveries = Array.from({ length: 20 }, newDelivery)
    await Promise.all(deliveries.map((delivery) => queue.add(delivery)))

    const taken = () => consumers.flatMap((consumer) => consumer.taken)
    for (const delivery of deliveries) await until(async () => await queue.stateOf(delivery) === 'unknown')
    t.same(taken().map(({ jobId }) => jobId).sort(), deliveries.map(({ jobId }) => jobId).sort())
    await queue.add(deliveries[0]!)
    await until(() => taken().length === 21, { what: 'a removed delivery that is added again' })
    t.same(server.errors, [])
  })

  await t.test('adding a delivery that the queue has already changes nothing', async (t) => {
    const server = await sharedQueue(t, kind)
    const queue = await openQueue(t, server)
    const [delivery, other, last] = [newDelivery(), newDelivery(), newDelivery()]
    await queue.add(delivery)
    await queue.add(delivery, { delayMs: 60_000 })
    t.equal(await queue.stateOf(delivery), 'waiting')
    await queue.add(other, { delayMs: 60_000 })
    await queue.add(other)
    t.equal(await queue.stateOf(other), 'delayed')
    await queue.add({ ...delivery, n: 2 })
    await queue.add(last)

    const consumer = await openConsumer(t, server)
    await consumer.took(3)
    t.same(consumer.taken, [delivery, { ...delivery, n: 2 }, last])
    t.equal(await queue.stateOf(other), 'delayed')
  })

  await t.test('reports the state of a delivery', async (t) => {
    const server = await sharedQueue(t, kind)
    const queue = await openQueue(t, server)
    const delivery = newDelivery()
    t.equal(await queue.stateOf(delivery), 'unknown')
    await queue.add(delivery)
    t.equal(await queue.stateOf(delivery), 'waiting')
    const { promise: outcome, resolve } = Promise.withResolvers<DeliveryOutcome>()
    const consumer = await openConsumer(t, server, { handle: () => outcome })
    await consumer.took(1)
    t.equal(await queue.stateOf(delivery), 'active')
    resolve({ done: true })
    await until(async () => await queue.stateOf(delivery) === 'unknown')
  })

  await t.test('a delivery that is to be retried is delivered again after its delay', async (t) => {
    const server = await sharedQueue(t, kind)
    const queue = await openQueue(t, server)
    const [soon, late] = [newDelivery(), newDelivery()]
    const at: number[] = []
    const consumer = await openConsumer(t, server, {
      handle ({ jobId }) {
        if (jobId === late.jobId) return { done: false, retryInMs: 600_000 }
        at.push(performance.now())
        return at.length === 1 ? { done: false, retryInMs: 400 } : { done: true }
      }
    })
    await queue.add(late)
    await consumer.took(1)
    await until(async () => await queue.stateOf(late) === 'delayed')
    await queue.add(soon)
    t.same(await consumer.took(3), soon)
    t.ok(at[1]! - at[0]! >= 390, `delivered again after ${at[1]! - at[0]!} ms`)
    await until(async () => await queue.stateOf(soon) === 'unknown')
    t.equal(await queue.stateOf(late), 'delayed')
    t.same(server.errors, [])
  })

  await t.test('a delivery whose handler throws is delivered again', async (t) => {
    const server = await sharedQueue(t, kind)
    const queue = await openQueue(t, server)
    const failure = new RangeError('handler failed')
    let calls = 0
    const consumer = await openConsumer(t, server, {
      handle () {
        if (++calls === 1) throw failure
        return { done: true }
      }
    })
    const delivery = newDelivery()
    await queue.add(delivery)
    t.same(await consumer.took(2), delivery)
    t.same(server.errors, [failure], 'and the error is reported')
  })

  await t.test('a consumer that closes releases its delivery to another one at once', async (t) => {
    const server = await sharedQueue(t, kind)
    const queue = await openQueue(t, server)
    const { promise: outcome, resolve } = Promise.withResolvers<DeliveryOutcome>()
    const first = await openConsumer(t, server, { handle: () => outcome })
    const delivery = newDelivery()
    await queue.add(delivery)
    await first.took(1)
    const waiting = newDelivery()
    await queue.add(waiting)

    const closed = first.close(30_000)
    resolve({ done: false, release: true })
    await closed
    t.equal(await queue.stateOf(delivery), 'waiting')
    t.same(first.taken, [delivery], 'it consumes nothing more')
    const second = await openConsumer(t, server)
    await second.took(2)
    t.strictSame(new Set(second.taken.map(({ jobId }) => jobId)), new Set([delivery.jobId, waiting.jobId]))
    t.same(server.errors, [])
  })

  await t.test('closing a consumer waits for running handlers, no longer than its timeout', async (t) => {
    const server = await sharedQueue(t, kind, shortLeaseMs)
    const queue = await openQueue(t, server)
    const { promise: outcome, resolve } = Promise.withResolvers<DeliveryOutcome>()
    const hanging = await openConsumer(t, server, { handle: () => outcome })
    const delivery = newDelivery()
    await queue.add(delivery)
    await hanging.took(1)
    const startedAt = performance.now()
    await hanging.close(200)
    const tookMs = performance.now() - startedAt
    t.ok(tookMs >= 190 && tookMs < 10_000, `closed in ${tookMs} ms`)

    const other = await openConsumer(t, server)
    t.same(await other.took(1), delivery, 'its delivery is delivered again')
    resolve({ done: true })
  })

  await t.test('deliveries of killed consumers are delivered again, however often', async (t) => {
    const server = await sharedQueue(t, kind, shortLeaseMs)
    const queue = await openQueue(t, server)
    const delivery = newDelivery()
    await queue.add(delivery)
    for (let deaths = 0; deaths < 3; deaths++) {
      const child = startScript(t, consumerProcess, { args: [JSON.stringify(server.address)] })
      const [, id] = await child.waitForLine(/^took (.+)$/)
      t.equal(id, `${delivery.jobId}.1`)
      child.kill('SIGKILL')
      await child.exited
    }
    const survivor = await openConsumer(t, server)
    t.same(await survivor.took(1), delivery)
    await until(async () => await queue.stateOf(delivery) === 'unknown')
  })

  await t.test('handles as many deliveries at once as its concurrency', async (t) => {
    const server = await sharedQueue(t, kind)
    const queue = await openQueue(t, server)
    const { promise: outcome, resolve } = Promise.withResolvers<DeliveryOutcome>()
    const consumer = await openConsumer(t, server, { concurrency: 3, handle: () => outcome })
    const deliveries = Array.from({ length: 4 }, newDelivery)
    for (const delivery of deliveries) await queue.add(delivery)
    await consumer.took(3)
    t.equal(await queue.stateOf(deliveries[3]!), 'waiting')
    resolve({ done: true })
    await consumer.took(4)
  })

  await t.test('a closed queue rejects at once, and close is idempotent', async (t) => {
    const server = await sharedQueue(t, kind)
    const queue = await openQueue(t, server)
    await queue.ping(30_000)
    await queue.close()
    await queue.close()
    await t.rejects(queue.add(newDelivery()), { code: 'unavailable' })
    await t.rejects(queue.ping(5_000), { code: 'unavailable' })
    await t.rejects(queue.stateOf(newDelivery()), { code: 'unavailable' })
  })
}
