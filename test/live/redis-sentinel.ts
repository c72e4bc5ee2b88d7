import { spawn } from 'node:child_process'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { freePort } from '../setup/free-port.ts'
import { startRedis } from '../setup/redis.ts'
import { serverDirectory } from '../setup/run-directory.ts'
import { until } from '../helpers/until.ts'
import type { TestScope } from '../helpers/test-scope.ts'

export interface SentinelGroup {
  name: string
  sentinels: { host: string, port: number }[]
  /** Kills the master, and shortens the time after which Sentinel considers it down. */
  loseMaster (): Promise<void>
}

/**
 * A master, a replica, and a Sentinel that promotes the replica within about a second after `loseMaster`; removed when the
 * test ends. Before that call no delay of a busy machine is long enough to trigger a failover.
 */
export async function ownSentinelGroup (t: TestScope): Promise<SentinelGroup> {
  const name = 'master-of-the-test'
  const master = await startRedis()
  t.teardown(() => master.remove())
  const masterPort = new URL(master.url).port
  const replica = await startRedis(['--replicaof', '127.0.0.1', masterPort, '--repl-diskless-sync-delay', '0'])
  t.teardown(() => replica.remove())
  const port = await freePort()
  await startSentinel(t, `
    port ${port}
    bind 127.0.0.1
    sentinel monitor ${name} 127.0.0.1 ${masterPort} 1
    sentinel down-after-milliseconds ${name} 600000
    sentinel failover-timeout ${name} 3000
  `)

  const sentinel = new Redis(port, '127.0.0.1', { protocol: 2 })
  sentinel.on('error', () => undefined)
  try {
    // Only a replica that is connected to its master may be promoted.
    await until(async () => {
      const [group] = await sentinel.call('SENTINEL', 'REPLICAS', name) as string[][]
      return group?.join(' ').includes('master-link-status ok')
    }, { intervalMs: 100, what: 'Sentinel to know the replica' })
  } catch (error) {
    sentinel.disconnect()
    throw error
  }
  t.teardown(() => sentinel.disconnect())
  return {
    name,
    sentinels: [{ host: '127.0.0.1', port }],
    async loseMaster () {
      await master.stop('SIGKILL')
      await sentinel.call('SENTINEL', 'SET', name, 'down-after-milliseconds', '500')
    }
  }
}

/** Sentinel writes its state to the given configuration file, and does not report that it is ready. */
async function startSentinel (t: TestScope, configuration: string): Promise<void> {
  const directory = await serverDirectory('redis')
  const file = join(directory, 'sentinel.conf')
  await writeFile(file, configuration)
  const child = spawn('redis-server', [file, '--sentinel', '--dir', directory, '--pidfile', join(directory, 'redis.pid')], { stdio: 'ignore' })
  const ended = new Promise((resolve) => child.once('close', resolve))
  t.teardown(async () => {
    child.kill('SIGKILL')
    await ended
    await rm(directory, { recursive: true, force: true })
  })
}
