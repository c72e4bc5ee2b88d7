import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { PgNotification, PgPool, PgPoolClient } from 'bullmq'
import { Pool, type PoolClient, type PoolConfig } from 'pg'
import { pause, settlesWithin } from '../deadline.ts'
import { sqlState } from '../database/sql.ts'

/** BullMQ's own schema; a pool that it is given must find it there. */
const schema = 'bullmq'
const connectMs = 2_000
const queryMs = 3_000

export interface QueuePoolSettings {
  max: number
  applicationName: string
  /** How long a failure is kept back. */
  failurePauseMs: number
  onError: (error: Error) => void
}

export interface QueuePool {
  pool: PgPool
  close (timeoutMs: number): Promise<void>
}

/** A pool that BullMQ can be given: bounded in time, found in its schema, and its failures are kept back for a moment. */
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
  // A connection in use tells its loss to the query as well.
  pool.on('connect', (client) => client.on('error', () => undefined))

  async function patiently<Result> (run: () => Promise<Result>): Promise<Result> {
    try {
      return await run()
    } catch (error) {
      // BM001 is BullMQ's own: the entry is not what it was thought to be.
      if (failurePauseMs > 0 && sqlState(error) !== 'BM001') await pause(failurePauseMs, closing.signal)
      throw error
    }
  }

  return {
    pool: {
      query: <Row>(text: string, values?: readonly unknown[]) => patiently(() => pool.query<Row & object>(text, values as unknown[])),
      connect: () => patiently(async () => listeningClient(await pool.connect())),
      end: () => pool.end(),
      // BullMQ wants to hear of idle connections that were lost; we report them already.
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
 * BullMQ keeps the client that listens until it emits 'error'. A query that gets no answer is not followed by one: the
 * connection was forgotten on the way, and all that comes after would wait in vain as well.
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
      // What it still has to say of its end is told to nobody, and must not end the process.
      client.on('error', () => undefined)
      return listening
    },
    release: (destroy?: boolean) => client.release(destroy)
  }
  return listening
}
