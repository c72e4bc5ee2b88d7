import type { RedisClient } from '../redis-client.ts'

/**
 * Publishes on the node that has our keys, as `publishProgress` does. A Cluster's client sends a bare PUBLISH to any node,
 * and signals that go through different nodes overtake each other.
 *
 * KEYS[1] any key of ours, for its slot
 * ARGV    channel, signal
 *
 * Returns the number of subscribers on that node, which says nothing about other nodes.
 */
const script = "return redis.call('PUBLISH', ARGV[1], ARGV[2])"

export interface PublishSignalArguments {
  key: string
  channel: string
  /** The message to publish. */
  text: string
}

export async function publishSignal (client: RedisClient, { key, channel, text }: PublishSignalArguments): Promise<void> {
  await client.eval(script, 1, key, channel, text)
}
