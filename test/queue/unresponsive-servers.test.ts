import t from 'tap'
import type { DeliveryOutcome } from '../../src/queue/job-queue.ts'
import { until } from '../helpers/until.ts'
import { newDelivery, openConsumer, openQueue } from './deliveries.ts'
import { openDuringOutage, bounded, recovered } from './in-outage.ts'
import { kinds, ownQueue, proxiedQueue } from './queue-server.ts'

for (const kind of kinds) {
  t.test(`${kind}: while the server is frozen`, async (t) => {
    const server = await ownQueue(t, kind)
    const queue = await openQueue(t, server)
    const { promise: outcome, resolve } = Promise.withResolvers<DeliveryOutcome>()
    const idle = await openConsumer(t, server)
    const busy = await openConsumer(t, server, { handle: () => outcome })
    await idle.ready()
    await idle.close(5_000)
    await queue.add(newDelivery())
    await busy.took(1)
    const other = await openConsumer(t, server)
    await other.ready()

    await server.freeze()
    await bounded(t, 7_000, () => t.rejects(queue.add(newDelivery()), { code: 'unavailable' }))
    await bounded(t, 1_000, () => t.rejects(queue.ping(1_000), { code: 'unavailable' }))
    await bounded(t, 3_500, () => other.close(1_000))
    resolve({ done: true })
    await bounded(t, 3_500, () => busy.close(1_000))
    const opened = await openDuringOutage(t, server)
    await bounded(t, 3_500, () => opened.consumer.close(1_000))
    await bounded(t, 3_500, () => opened.queue.close())

    await server.thaw()
    await recovered(queue)
    const late = await openConsumer(t, server)
    const delivery = newDelivery()
    await queue.add(delivery)
    await until(() => late.taken.some(({ jobId }) => jobId === delivery.jobId))
    await server.freeze()
    await bounded(t, 3_500, () => queue.close())
  })

  t.test(`${kind}: connections that were silently dropped are reopened`, async (t) => {
    const { server, proxy } = await proxiedQueue(t, kind)
    const queue = await openQueue(t, server)
    const consumer = await openConsumer(t, server)
    await queue.add(newDelivery())
    await consumer.took(1)
    proxy.silence()
    const delivery = newDelivery()
    await until(() => queue.add(delivery).then(() => true, () => false), { what: 'the queue to respond again' })
    t.same(await consumer.took(2, 60_000), delivery)
  })
}
