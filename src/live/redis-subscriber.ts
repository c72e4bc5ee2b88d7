import { within } from '../deadline.ts'
import type { RedisClient } from '../redis-client.ts'
import { retryDelayMs, createFailureReporter } from './reconnect-backoff.ts'
import { disconnect, ensureConnecting, openConnection, type ConnectionSettings } from './redis-connection.ts'

export interface SubscriberSettings extends ConnectionSettings {
  channel: string
  onText: (text: string) => void
  /** The interval of keepalive subscriptions on an idle connection. */
  checkMs?: number
}

/** A subscription that is kept up until it is closed. */
export interface RedisSubscriber {
  close (): Promise<void>
}

/**
 * Subscribes on a connection of its own: a subscribed connection can do nothing else. SUBSCRIBE is repeated on every new
 * connection and at intervals: it is idempotent, its response proves that the connection works, and it follows a
 * Cluster's subscriber that moved to another node.
 */
export function openSubscriber (
  given: RedisClient, { channel, onText, checkMs = 15_000, ...settings }: SubscriberSettings
): RedisSubscriber {
  const client = openConnection(given, settings)
  const failures = createFailureReporter(settings.onError)
  let timer: NodeJS.Timeout | undefined
  let closing: Promise<void> | undefined

  const subscribeIn = (ms: number) => {
    clearTimeout(timer)
    if (closing === undefined) timer = setTimeout(subscribe, ms).unref()
  }

  async function subscribe (): Promise<void> {
    if (closing !== undefined) return
    // Without a connection there is nothing to do; `ready` calls this again.
    if (client.status !== 'ready') {
      ensureConnecting(client)
      return subscribeIn(checkMs)
    }
    try {
      await within(settings.timeoutMs, 'subscribing', () => client.subscribe(channel))
      failures.recovered()
      subscribeIn(checkMs)
    } catch (error) {
      if (closing !== undefined) return
      failures.failed(error)
      // A missing response means that the connection is dead, even if the socket does not know yet.
      if (client.status === 'ready') client.disconnect(true)
      subscribeIn(retryDelayMs(failures.failureCount))
    }
  }

  client.on('message', (from: string, text: string) => { if (from === channel) onText(text) })
  client.on('ready', subscribe)
  subscribe()

  return {
    async close () {
      clearTimeout(timer)
      closing ??= disconnect(client, settings.timeoutMs)
      await closing
    }
  }
}
