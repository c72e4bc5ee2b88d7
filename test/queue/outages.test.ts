import t from 'tap'
import type { DeliveryOutcome } from '../../src/queue/job-queue.ts'
import { until } from '../helpers/until.ts'
import { newDelivery, openConsumer, openQueue } from './deliveries.ts'
import { openDuringOutage, bounded, recovered } from './in-outage.ts'
import { kinds, ownQueue } from './queue-server.ts'

for (const kind of kinds) {
  t.test(`${kind}: while the server is down`, async (t) => {
    const server = await ownQueue(t, kind)
    const queue = await openQueue(t, server)
    const consumer = await openConsumer(t, server)
    const before = newDelivery()
    await queue.add(before)
    await consumer.took(1)
    await until(async () => await queue.stateOf(before) === 'unknown')

    await server.stop()
    const during = newDelivery()
    await t.test('commands reject within their limits', async (t) => {
      await bounded(t, 7_000, () => t.rejects(queue.add(during), { code: 'unavailable' }))
      await bounded(t, 7_000, () => t.rejects(queue.stateOf(during), { code: 'unavailable' }))
      await bounded(t, 1_000, () => t.rejects(queue.ping(1_000), { code: 'unavailable' }))
    })
    const opened = await openDuringOutage(t, server)
    const closing = await openDuringOutage(t, server)
    await t.test('closing is bounded', async (t) => {
      await bounded(t, 3_500, () => closing.queue.close())
      await bounded(t, 3_500, () => closing.consumer.close(1_000))
      await t.rejects(closing.consumer.ready(), { code: 'unavailable' })
    })
    const usage = process.cpuUsage()
    const since = performance.now()
    await until(() => performance.now() - since > 1_000, { intervalMs: 50 })
    const cpuMs = process.cpuUsage(usage).user / 1_000
    t.ok(cpuMs < 0.5 * (performance.now() - since), `reconnecting does not spin: ${cpuMs} ms of CPU`)
    await server.start()

    await t.test('after the outage', async (t) => {
      const after = newDelivery()
      await recovered(queue)
      await queue.add(after)
      await until(() => consumer.taken.length + opened.consumer.taken.length === 2, { what: 'the delivery after the outage' })
      t.equal(await queue.stateOf(during), 'unknown', 'a rejected delivery is not added later')
      await until(async () => await queue.stateOf(after) === 'unknown')

      await consumer.close(5_000)
      await opened.consumer.ready()
      await recovered(opened.queue)
      await opened.queue.add(newDelivery())
      await until(() => consumer.taken.length + opened.consumer.taken.length === 3, { what: 'a delivery through the queue opened during the outage' })
    })
  })

  t.test(`${kind}: an outage during a delivery`, async (t) => {
    const server = await ownQueue(t, kind)
    const queue = await openQueue(t, server)
    const { promise: outcome, resolve } = Promise.withResolvers<DeliveryOutcome>()
    const consumer = await openConsumer(t, server, { handle: () => outcome })
    const delivery = newDelivery()
    await queue.add(delivery)
    await consumer.took(1)
    await server.stop()
    resolve({ done: false, retryInMs: 100 })
    await server.start()
    await recovered(queue)
    // Redis restarts empty; the cleanup re-enqueues the job then.
    if (kind === 'redis') await queue.add(delivery)
    t.same(await consumer.took(2, 60_000), delivery)
  })
}
