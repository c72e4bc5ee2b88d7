import type { ChainableCommander } from 'ioredis'
import { isCluster, type RedisClient } from '../redis-client.ts'
import type { LiveProgress, LiveStore } from './live-store.ts'
import { openCommands } from './redis-connection.ts'
import { openSubscriber, type RedisSubscriber } from './redis-subscriber.ts'
import { publishSignal } from './redis-signal.ts'
import { publishProgress } from './redis-progress.ts'
import { createSignalHub, encodeSignal } from './signals.ts'

export interface RedisLiveStoreOptions {
  /** The host's client: standalone, Sentinel or Cluster. Only its duplicates are used and closed here. */
  redis: RedisClient
  /** The prefix of all keys, after a keyPrefix of the client itself. */
  prefix?: string
  /** How long progress is kept after it was published. */
  ttlMs: number
  /** Called for errors in the background: once per outage, not once per attempt. */
  onError: (error: Error) => void
  /** How long a command may take before its caller gets `unavailable`. */
  timeoutMs?: number
}

/** A hash with a TTL per job, and pub/sub. */
export function createRedisLiveStore (
  { redis, prefix = 'powercrud', ttlMs, onError, timeoutMs = 2_000 }: RedisLiveStoreOptions
): LiveStore {
  const { keyOf, channel } = namesOf(redis, prefix)
  const hub = createSignalHub(onError)
  const commands = openCommands(redis, { name: 'powercrud-live', timeoutMs, onError })
  let subscriber: RedisSubscriber | undefined
  let closed = false

  return {
    kind: 'redis',
    async ping (limitMs) {
      // In a Cluster PING would go to any node; EXISTS goes to the one that has our keys.
      await commands.run((client) => client.exists(keyOf('ping')), limitMs)
    },
    async publish (jobId, progress) {
      const text = encodeSignal({ jobId, kind: 'progress' })
      await commands.run((client) => publishProgress(client, { key: keyOf(jobId), progress, ttlMs, channel, text }))
    },
    async read (jobId) {
      return toProgress(await commands.run((client) => client.hmget(keyOf(jobId), ...fields)))
    },
    async readMany (jobIds) {
      if (jobIds.length === 0) return new Map()
      const answers = await commands.run((client) => readAll(client.pipeline(), jobIds.map(keyOf)))
      return new Map(jobIds.flatMap((jobId, index) => {
        const progress = toProgress(answers[index] ?? [])
        return progress === undefined ? [] : [[jobId, progress]]
      }))
    },
    async forget (jobIds) {
      if (jobIds.length > 0) await commands.run((client) => client.unlink(...jobIds.map(keyOf)))
    },
    async signal (signal) {
      const text = encodeSignal(signal)
      await commands.run((client) => publishSignal(client, { key: keyOf(signal.jobId), channel, text }))
    },
    subscribe (onSignal) {
      if (!closed) {
        subscriber ??= openSubscriber(redis, { name: 'powercrud-signals', timeoutMs, onError, channel, onText: hub.publish })
      }
      return hub.add(onSignal)
    },
    async removeExpired () {
      // Redis expires its keys itself.
      return 0
    },
    async close () {
      closed = true
      hub.clear()
      await Promise.all([commands.close(), subscriber?.close()])
    }
  }
}

/**
 * The names of keys and channel. All keys have one hash tag and so live in one slot of a Cluster: many jobs are read
 * in one pipeline. A keyPrefix of the host comes first, as in all its other keys: access rules may require it.
 */
function namesOf (redis: RedisClient, prefix: string): { keyOf: (jobId: string) => string, channel: string } {
  const { keyPrefix = '' } = isCluster(redis) ? { ...redis.options.redisOptions, ...redis.options } : redis.options
  const hasTag = /^[^{]*\{[^}]+\}/.test(keyPrefix + prefix)
  const root = `${keyPrefix}${hasTag ? prefix : `{${prefix}}`}`
  return { keyOf: (jobId) => `${root}:live:${jobId}`, channel: `${root}:signals` }
}

const fields = ['fence', 'processed', 'total', 'message', 'reportedAtMs'] as const

async function readAll (pipeline: ChainableCommander, keys: readonly string[]): Promise<(string | null)[][]> {
  for (const key of keys) pipeline.hmget(key, ...fields)
  const responses = await pipeline.exec() ?? []
  return responses.map(([error, response]) => {
    if (error) throw error
    return response as (string | null)[]
  })
}

function toProgress ([fence, processed, total, message, reportedAtMs]: readonly (string | null)[]): LiveProgress | undefined {
  if (fence == null || message == null) return undefined
  return { fence: Number(fence), processed: Number(processed), total: Number(total), message, reportedAtMs: Number(reportedAtMs) }
}
