import type { RedisClient } from '../redis-client.ts'

/**
 * Publishes over the node that has our keys, as `tellInRedis` does. A Cluster's client sends a bare PUBLISH to any node,
 * and signals that go through different nodes overtake each other.
 *
 * KEYS[1] any key of ours, for its slot
 * ARGV    channel, signal
 *
 * Answers how many listen on that node, which says nothing of the others.
 */
const script = "return redis.call('PUBLISH', ARGV[1], ARGV[2])"

export interface SignalArguments {
  key: string
  channel: string
  /** What is published. */
  text: string
}

export async function signalInRedis (client: RedisClient, { key, channel, text }: SignalArguments): Promise<void> {
  await client.eval(script, 1, key, channel, text)
}
