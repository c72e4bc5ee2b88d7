import type { TestScope } from '../helpers/test-scope.ts'
import { startServers } from '../setup/start-servers.ts'

/** Runs a benchmark with the servers of the tests, and closes in reverse order what it opened. */
export async function withServers (run: (t: TestScope) => Promise<void>): Promise<void> {
  const closers: (() => unknown)[] = []
  const t: TestScope = { teardown: (close) => { closers.unshift(close) } }
  try {
    if (!process.env.TEST_DATABASE_URL || !process.env.TEST_REDIS_URL) {
      const servers = await startServers()
      t.teardown(servers.stop)
      Object.assign(process.env, servers.env)
    }
    await run(t)
  } finally {
    for (const close of closers) await close()
  }
}

/** The middle one of some figures. */
export function median (figures: readonly number[]): number {
  return figures.toSorted((one, other) => one - other)[Math.floor(figures.length / 2)]!
}

/** How long something takes, milliseconds. */
export async function timed (work: () => Promise<unknown>): Promise<number> {
  const startedAtMs = performance.now()
  await work()
  return performance.now() - startedAtMs
}
