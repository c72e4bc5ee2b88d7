import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { PgNotification, PgPool, PgPoolClient } from 'bullmq'
import { Pool, type PoolClient, type PoolConfig } from 'pg'
import { pause, settlesWithin } from '../deadline.ts'
import { sqlState } from '../database/sql.ts'

/** BullMQ's own schema; a pool passed to it must have it in its search path. */
const schema = 'bullmq'
const connectMs = 2_000
const queryMs = 3_000

export interface QueuePoolSettings {
  max: number
  applicationName: string
  /** How long the rejection of a failed query is delayed. */
  failurePauseMs: number
  onError: (error: Error) => void
}

export interface QueuePool {
  pool: PgPool
  close (timeoutMs: number): Promise<void>
}

/** A pool to pass to BullMQ: bounded in time, with BullMQ's schema in its search path, and with delayed failures. */
export function openQueuePool (config: PoolConfig, { max, applicationName, failurePauseMs, onError }: QueuePoolSettings): QueuePool {
  const sockets = new Set<Duplex>()
  const closing = new AbortController()
  const pool = new Pool({
    keepAlive: true,
    ...config,
    max,
    application_name: applicationName,
    connectionTimeoutMillis: connectMs,
    query_timeout: queryMs,
    options: [config.options, `-c search_path=${schema}`].filter(Boolean).join(' '),
    stream: () => {
      const socket = config.stream?.() ?? new Socket()
      sockets.add(socket)
      return socket.once('close', () => sockets.delete(socket))
    }
  })
  pool.on('error', onError)
  // A lost connection in use fails its query as well.
  pool.on('connect', (client) => client.on('error', () => undefined))

  async function withDelayedFailure<Result> (run: () => Promise<Result>): Promise<Result> {
    try {
      return await run()
    } catch (error) {
      // BM001 is an error of BullMQ itself: the state of the entry has changed.
      if (failurePauseMs > 0 && sqlState(error) !== 'BM001') await pause(failurePauseMs, closing.signal)
      throw error
    }
  }

  return {
    pool: {
      query: <Row>(text: string, values?: readonly unknown[]) => withDelayedFailure(() => pool.query<Row & object>(text, values as unknown[])),
      connect: () => withDelayedFailure(async () => listeningClient(await pool.connect())),
      end: () => pool.end(),
      // BullMQ listens for lost idle connections, which are reported already.
      on () { return this },
      removeAllListeners () { return this }
    },
    async close (timeoutMs) {
      closing.abort()
      const ended = pool.ending ? Promise.resolve() : pool.end()
      if (await settlesWithin(timeoutMs, ended) && sockets.size === 0) return
      for (const socket of sockets) socket.destroy()
    }
  }
}

/**
 * BullMQ keeps its LISTEN client until that emits 'error'. A query without a response emits none: the connection was
 * dropped by the network, and every later query would time out as well.
 */
function listeningClient (client: PoolClient): PgPoolClient {
  const listening = {
    async query<Row> (text: string, values?: readonly unknown[]) {
      try {
        return await client.query<Row & object>(text, values as unknown[])
      } catch (error) {
        if (sqlState(error) === undefined) client.emit('error', error as Error)
        throw error
      }
    },
    on (event: 'notification' | 'error' | 'end', listener: (value: never) => void) {
      client.on(event as 'error', listener as (error: Error) => void)
      return listening
    },
    removeListener (event: 'notification', listener: (message: PgNotification) => void) {
      client.removeListener(event, listener)
      return listening
    },
    removeAllListeners (event?: string) {
      client.removeAllListeners(event)
      // An 'error' without a listener would end the process.
      client.on('error', () => undefined)
      return listening
    },
    release: (destroy?: boolean) => client.release(destroy)
  }
  return listening
}
