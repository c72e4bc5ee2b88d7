import { Socket } from 'node:net'
import t from 'tap'
import { migrate } from '../../src/migrations/migrate.ts'
import { tablesIn } from '../../src/database/tables.ts'
import { createPostgresQueueBackend } from '../../src/queue/bullmq-backends.ts'
import type { QueueConsumer } from '../../src/queue/job-queue.ts'
import { createDatabase } from '../helpers/database.ts'
import { createEngineDatabase } from '../helpers/engine-database.ts'
import type { TestScope } from '../helpers/test-scope.ts'
import { until } from '../helpers/until.ts'
import { setConnectable } from './connectable.ts'
import { conformance } from './conformance.ts'
import { newDelivery } from './deliveries.ts'

const scope = { tables: tablesIn('powercrud'), queue: 'postgres' } as const

t.test('conformance', (t) => conformance(t, 'postgres'))

t.test('a consumer that starts before the migrations is ready after them', async (t) => {
  const { url } = await createDatabase(t)
  const errors: Error[] = []
  const onError = (error: Error) => { errors.push(error) }
  const config = { connectionString: url }
  const backend = createPostgresQueueBackend({ config, queueName: 'early', onError })
  const consumer = await backend.createConsumer({ concurrency: 1, onError, handle: async () => ({ done: true }) })
  const queue = await backend.createQueue()
  closeAfter(t, consumer, queue)

  await t.rejects(queue.add(newDelivery()), { code: 'unavailable', cause: { name: 'SchemaMigrationRequiredError' } })
  await until(() => errors.length > 0)
  await migrate(config, scope)
  await consumer.ready()
  await queue.add(newDelivery())
  // An attempt while the migrations run may fail with another error.
  t.equal(errors.filter(({ message }) => message === errors[0]!.message).length, 1, 'reported once, not once per attempt')
})

t.test('a worker whose database refuses connections retries with delays', async (t) => {
  const { url } = await createEngineDatabase(t)
  let attempts = 0
  const config = {
    connectionString: url,
    stream () {
      attempts++
      return new Socket()
    }
  }
  const backend = createPostgresQueueBackend({ config, queueName: 'refused', onError: () => undefined })
  const { promise: taken, resolve: resolveTaken } = Promise.withResolvers<void>()
  const { promise: outcome, resolve } = Promise.withResolvers<{ done: true }>()
  const handle = async () => {
    resolveTaken()
    return await outcome
  }
  const consumer = await backend.createConsumer({ concurrency: 2, onError: () => undefined, handle })
  const queue = await backend.createQueue()
  closeAfter(t, consumer, queue)
  await consumer.ready()
  await queue.add(newDelivery())
  await taken

  await setConnectable(url, false)
  resolve({ done: true })
  const [before, since] = [attempts, performance.now()]
  await until(() => attempts >= before + 10)
  const tookMs = performance.now() - since
  t.ok(tookMs > 2_500, `10 attempts in ${Math.round(tookMs)} ms`)
  await setConnectable(url, true)
})

t.test('uses few connections, in the schema of BullMQ, and closes them all', async (t) => {
  const database = await createDatabase(t)
  const config = { connectionString: database.url, options: '-c statement_timeout=12345' }
  await migrate(config, scope)
  const onError = (error: Error) => { t.fail('an error', error) }
  const backend = createPostgresQueueBackend({ config, queueName: 'few', onError })
  const queue = await backend.createQueue()
  const consumer = await backend.createConsumer({ concurrency: 10, onError, handle: async () => ({ done: true }) })
  const deliveries = Array.from({ length: 50 }, newDelivery)
  await Promise.all(deliveries.map((delivery) => queue.add(delivery)))
  for (const delivery of deliveries) await until(async () => await queue.stateOf(delivery) === 'unknown')

  const client = await database.connect()
  const connections = async (): Promise<number> => {
    const { rows } = await client.query("SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'")
    return rows.length
  }
  t.ok(await connections() <= 6)
  await consumer.close(30_000)
  await queue.close()
  await until(async () => await connections() === 0, { what: 'all connections to be closed' })
})

function closeAfter (t: TestScope, consumer: QueueConsumer, queue: { close (): Promise<void> }): void {
  t.teardown(async () => {
    await consumer.close(0)
    await queue.close()
  })
}
