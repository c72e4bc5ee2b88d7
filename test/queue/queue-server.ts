import { randomBytes } from 'node:crypto'
import { migrate } from '../../src/migrations/migrate.ts'
import { tablesIn } from '../../src/database/tables.ts'
import type { QueueBackend } from '../../src/queue/job-queue.ts'
import { freezePostgres, ownPostgres } from '../helpers/database.ts'
import { createEngineDatabase } from '../helpers/engine-database.ts'
import { createRedis, ownRedis } from '../helpers/redis.ts'
import type { TestScope } from '../helpers/test-scope.ts'
import { createProxy, type Proxy } from '../live/proxy.ts'
import { openBackend, type BackendAddress } from './open-backend.ts'

/** A queue of its own on a server, as the conformance suite requires it. */
export interface QueueServer {
  /** The address, for another process. */
  address: BackendAddress
  /** Another backend for the same queue; its errors go to `errors`. */
  backend (): QueueBackend
  errors: Error[]
}

/** A server that the test may crash and freeze. */
export interface OwnQueueServer extends QueueServer {
  /** Crashes it. */
  stop (): Promise<void>
  start (): Promise<void>
  /** Keeps connections open, and responds to nothing until `thaw`. */
  freeze (): Promise<void>
  thaw (): Promise<void>
}

export type Kind = QueueBackend['kind']

export const kinds = ['postgres', 'redis'] as const

/** Longer than a busy machine delays the heartbeat of a consumer. */
const longLeaseMs = 30_000

/** For tests of deliveries whose consumer has stopped responding. */
export const shortLeaseMs = 900

/** A queue on the servers that all tests share. */
export async function sharedQueue (t: TestScope, kind: Kind, leaseMs = longLeaseMs): Promise<QueueServer> {
  if (kind === 'redis') {
    const { url, prefix } = await createRedis(t)
    return queueAt(t, { kind, url, prefix, leaseMs })
  }
  const { url } = await createEngineDatabase(t)
  return queueAt(t, { kind, url, prefix: '', leaseMs })
}

/** A queue on a server for this test alone. */
export async function ownQueue (t: TestScope, kind: Kind): Promise<OwnQueueServer> {
  if (kind === 'redis') {
    const server = await ownRedis(t)
    const thaw = async () => server.resume()
    t.teardown(thaw)
    return {
      ...queueAt(t, { kind, url: server.url, prefix: 'powercrud', leaseMs: shortLeaseMs }),
      stop: server.kill,
      start: server.start,
      freeze: async () => server.pause(),
      thaw
    }
  }
  const server = await ownPostgres(t)
  await migrate({ connectionString: server.url }, { tables: tablesIn('powercrud'), queue: 'postgres' })
  let thawed = () => {}
  const thaw = async () => thawed()
  t.teardown(thaw)
  return {
    ...queueAt(t, { kind, url: server.url, prefix: '', leaseMs: shortLeaseMs }),
    stop: () => server.stop('immediate'),
    start: server.start,
    async freeze () { thawed = await freezePostgres(server.url) },
    thaw
  }
}

/** A queue behind a proxy that can silently drop its connections. */
export async function proxiedQueue (t: TestScope, kind: Kind): Promise<{ server: QueueServer, proxy: Proxy }> {
  const { address } = await sharedQueue(t, kind)
  const url = new URL(address.url)
  const proxy = await createProxy(t, { port: Number(url.port) })
  url.port = String(proxy.port)
  return { server: queueAt(t, { ...address, url: url.href }), proxy }
}

function queueAt (t: TestScope, where: Omit<BackendAddress, 'queueName'>): QueueServer {
  const errors: Error[] = []
  const address = { ...where, queueName: `queue-${randomBytes(4).toString('hex')}` }
  return {
    address,
    errors,
    backend () {
      const { backend, close } = openBackend(address, (error) => errors.push(error))
      t.teardown(close)
      return backend
    }
  }
}
