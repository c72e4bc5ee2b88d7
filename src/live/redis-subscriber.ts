import { within } from '../deadline.ts'
import type { RedisClient } from '../redis-client.ts'
import { retryDelayMs, watchOutage } from './reconnect-backoff.ts'
import { connectLike, hangUp, wakeUp, type ConnectionSettings } from './redis-connections.ts'

export interface SubscriberSettings extends ConnectionSettings {
  channel: string
  onText: (text: string) => void
  /** How often a connection that says nothing is asked whether it is still there. */
  checkMs?: number
}

/** A subscription that lasts until it is closed. */
export interface RedisSubscriber {
  close (): Promise<void>
}

/**
 * Subscribes over a connection of its own: one that subscribes can do nothing else. SUBSCRIBE is said again at every
 * new connection, and from time to time: it is idempotent, its answer proves that the connection lives, and it finds a
 * Cluster's subscriber that was moved to another node.
 */
export function openSubscriber (
  given: RedisClient, { channel, onText, checkMs = 15_000, ...settings }: SubscriberSettings
): RedisSubscriber {
  const client = connectLike(given, settings)
  const outage = watchOutage(settings.onError)
  let timer: NodeJS.Timeout | undefined
  let closing: Promise<void> | undefined

  const subscribeIn = (ms: number) => {
    clearTimeout(timer)
    if (closing === undefined) timer = setTimeout(subscribe, ms).unref()
  }

  async function subscribe (): Promise<void> {
    if (closing !== undefined) return
    // While there is no connection there is nothing to say; `ready` calls again.
    if (client.status !== 'ready') {
      wakeUp(client)
      return subscribeIn(checkMs)
    }
    try {
      await within(settings.timeoutMs, 'subscribing', () => client.subscribe(channel))
      outage.recovered()
      subscribeIn(checkMs)
    } catch (error) {
      if (closing !== undefined) return
      outage.failed(error)
      // An answer that does not come means that the connection is dead, even where nobody has told it so.
      if (client.status === 'ready') client.disconnect(true)
      subscribeIn(retryDelayMs(outage.failureCount))
    }
  }

  client.on('message', (from: string, text: string) => { if (from === channel) onText(text) })
  client.on('ready', subscribe)
  subscribe()

  return {
    async close () {
      clearTimeout(timer)
      closing ??= hangUp(client, settings.timeoutMs)
      await closing
    }
  }
}
