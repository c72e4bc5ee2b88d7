import t from 'tap'
import type { DeliveryOutcome } from '../../src/queue/job-queue.ts'
import { until } from '../helpers/until.ts'
import { newDelivery, openConsumer, openQueue } from './deliveries.ts'
import { bornInOutage, bounded, recovered } from './in-outage.ts'
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
    await t.test('commands are refused, soon', async (t) => {
      await bounded(t, 7_000, () => t.rejects(queue.add(during), { code: 'unavailable' }))
      await bounded(t, 7_000, () => t.rejects(queue.stateOf(during), { code: 'unavailable' }))
      await bounded(t, 1_000, () => t.rejects(queue.ping(1_000), { code: 'unavailable' }))
    })
    const born = await bornInOutage(t, server)
    const closing = await bornInOutage(t, server)
    await t.test('closing is bounded', async (t) => {
      await bounded(t, 3_500, () => closing.queue.close())
      await bounded(t, 3_500, () => closing.consumer.close(1_000))
      await t.rejects(closing.consumer.ready(), { code: 'unavailable' })
    })
    const usage = process.cpuUsage()
    const since = performance.now()
    await until(() => performance.now() - since > 1_000, { intervalMs: 50 })
    const cpuMs = process.cpuUsage(usage).user / 1_000
    t.ok(cpuMs < 0.5 * (performance.now() - since), `nothing spins while it is away: ${cpuMs} ms of processor time`)
    await server.start()

    await t.test('and when it is back', async (t) => {
      const after = newDelivery()
      await recovered(queue)
      await queue.add(after)
      await until(() => consumer.taken.length + born.consumer.taken.length === 2, { what: 'the delivery after the outage' })
      t.equal(await queue.stateOf(during), 'unknown', 'what was refused has no effect later')
      await until(async () => await queue.stateOf(after) === 'unknown')

      await consumer.close(5_000)
      await born.consumer.ready()
      await recovered(born.queue)
      await born.queue.add(newDelivery())
      await until(() => consumer.taken.length + born.consumer.taken.length === 3, { what: 'what was built during the outage' })
    })
  })

  t.test(`${kind}: an outage in the middle of a delivery`, async (t) => {
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
    // An empty Redis has forgotten it: then the sweep adds it again.
    if (kind === 'redis') await queue.add(delivery)
    t.same(await consumer.took(2, 60_000), delivery)
  })
}
