import type { Cluster, Redis } from 'ioredis'

/** Standalone, Sentinel or Cluster, as the application passes it. Queue and live store use duplicates of it. */
export type RedisClient = Redis | Cluster

export function isCluster (client: RedisClient): client is Cluster {
  return client.isCluster
}
