import type { LiveProgress } from './live-store.ts'
import type { RedisClient } from '../redis-client.ts'

/**
 * Stores progress and signals it in one step, so that a subscriber who receives the signal finds the hash.
 *
 * KEYS[1] the job's hash
 * ARGV    fence, processed, total, message, reportedAtMs, TTL in milliseconds, channel, signal
 *
 * 1  nothing stored (or expired), an equal or a smaller fence: written with a new TTL, and published
 * 0  a greater fence: nothing written, nothing published
 */
const script = `
local stored = redis.call('HGET', KEYS[1], 'fence')
if stored and tonumber(stored) > tonumber(ARGV[1]) then
  return 0
end
redis.call('HSET', KEYS[1], 'fence', ARGV[1], 'processed', ARGV[2], 'total', ARGV[3], 'message', ARGV[4], 'reportedAtMs', ARGV[5])
redis.call('PEXPIRE', KEYS[1], ARGV[6])
redis.call('PUBLISH', ARGV[7], ARGV[8])
return 1`

export interface PublishProgressArguments {
  key: string
  progress: LiveProgress
  ttlMs: number
  channel: string
  /** The message to publish. */
  text: string
}

/** Runs the script; EVAL rather than EVALSHA, so that a Redis that lost its scripts needs no second attempt. */
export async function publishProgress (client: RedisClient, { key, progress, ttlMs, channel, text }: PublishProgressArguments): Promise<void> {
  await client.eval(script, 1, key,
    progress.fence, progress.processed, progress.total, progress.message, progress.reportedAtMs, ttlMs, channel, text)
}
