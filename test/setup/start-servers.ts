import { startPostgres } from './postgres.ts'
import { startRedis } from './redis.ts'

export interface Servers {
  /** The environment variables of the tests. */
  env: { TEST_DATABASE_URL: string, TEST_REDIS_URL: string }
  stop (): Promise<void>
}

/** One PostgreSQL and one Redis for all test files. If one of them does not start, the other is stopped. */
export async function startServers (): Promise<Servers> {
  const starts = await Promise.allSettled([startPostgres(), startRedis()])
  const stop = async () => {
    await Promise.all(starts.map((start) => start.status === 'fulfilled' ? start.value.remove() : undefined))
  }
  const [postgres, redis] = starts
  if (postgres.status === 'fulfilled' && redis.status === 'fulfilled') {
    return { env: { TEST_DATABASE_URL: postgres.value.url, TEST_REDIS_URL: redis.value.url }, stop }
  }
  await stop()
  throw postgres.status === 'rejected' ? postgres.reason : (redis as PromiseRejectedResult).reason
}
