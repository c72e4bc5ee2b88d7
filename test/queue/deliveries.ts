import { randomUUID } from 'node:crypto'
import type { Delivery, DeliveryOutcome, JobQueue, QueueConsumer } from '../../src/queue/job-queue.ts'
import { until } from '../helpers/until.ts'
import type { TestScope } from '../helpers/test-scope.ts'
import type { QueueServer } from './queue-server.ts'

export const newDelivery = (): Delivery => ({ jobId: randomUUID(), n: 1 })

export async function openQueue (t: TestScope, server: QueueServer): Promise<JobQueue> {
  const queue = await server.backend().createQueue()
  t.teardown(() => queue.close())
  return queue
}

export interface TestConsumer extends QueueConsumer {
  /** In the order of arrival. */
  taken: Delivery[]
  /** Resolves to the last of the first `count` deliveries, once they have been taken. */
  took (count: number, deadlineMs?: number): Promise<Delivery>
}

export interface ConsumerOptions {
  concurrency?: number
  handle?: (delivery: Delivery) => DeliveryOutcome | Promise<DeliveryOutcome>
}

export async function openConsumer (t: TestScope, server: QueueServer, { concurrency = 1, handle = () => ({ done: true }) }: ConsumerOptions = {}): Promise<TestConsumer> {
  const taken: Delivery[] = []
  const consumer = await server.backend().createConsumer({
    concurrency,
    onError: (error) => server.errors.push(error),
    async handle (delivery) {
      taken.push(delivery)
      return await handle(delivery)
    }
  })
  t.teardown(() => consumer.close(0))
  return {
    ...consumer,
    taken,
    async took (count, deadlineMs) {
      await until(() => taken.length >= count, { deadlineMs, what: `${count} deliveries` })
      return taken[count - 1]!
    }
  }
}
