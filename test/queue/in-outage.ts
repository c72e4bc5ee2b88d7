import type { Test } from 'tap'
import type { JobQueue } from '../../src/queue/job-queue.ts'
import { awakeDuring } from '../helpers/awake.ts'
import { until } from '../helpers/until.ts'
import { openConsumer, openQueue, type TestConsumer } from './deliveries.ts'
import type { OwnQueueServer } from './queue-server.ts'

/** Opens a queue and a consumer while their server does not respond. */
export async function openDuringOutage (t: Test, server: OwnQueueServer): Promise<{ queue: JobQueue, consumer: TestConsumer }> {
  const queue = await openQueue(t, server)
  const consumer = await openConsumer(t, server)
  await t.rejects(queue.ping(500), { code: 'unavailable' })
  return { queue, consumer }
}

/** Resolves when the server responds again. */
export async function recovered (queue: JobQueue): Promise<void> {
  await until(() => queue.ping(2_000).then(() => true, () => false), { what: 'the queue after the outage' })
}

/** What a busy process may add to a limit, of its own time; an unbounded call takes far longer, or never ends. */
const toleranceMs = 1_500

/** Asserts that `run` settles within the limit. */
export async function bounded (t: Test, limitMs: number, run: () => Promise<unknown>): Promise<void> {
  const tookMs = await awakeDuring(run)
  t.ok(tookMs < limitMs + toleranceMs, `in ${tookMs} ms`)
}
