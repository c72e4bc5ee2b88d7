import { setTimeout as delay } from 'node:timers/promises'
import { problem } from './errors.ts'

/**
 * Runs `expire` after `ms`, once input that arrived by then has been processed: a process that was suspended would
 * otherwise treat a response that is already in its buffers as missing. Returns a function that cancels it.
 */
function expireAfter (ms: number, expire: () => void): () => void {
  let turn: NodeJS.Immediate | undefined
  const timer = setTimeout(() => { turn = setImmediate(expire) }, ms)
  return () => {
    clearTimeout(timer)
    clearImmediate(turn)
  }
}

/**
 * Settles like `work`, or rejects with `unavailable` when that takes longer than `ms`. The signal then aborts, so
 * that `work` does not start its next step; a step that hangs is abandoned.
 */
export async function within<Result> (ms: number, what: string, work: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
  const expiry = new AbortController()
  const { promise: expired, reject } = Promise.withResolvers<never>()
  const cancel = expireAfter(ms, () => {
    const error = problem('unavailable', undefined, { cause: new DOMException(`${what} took longer than ${ms} ms`, 'TimeoutError') })
    expiry.abort(error)
    reject(error)
  })
  const result = work(expiry.signal)
  // A failure after the deadline has no listener.
  result.catch(() => undefined)
  try {
    return await Promise.race([result, expired])
  } finally {
    cancel()
  }
}

/** Whether a promise settles, either way, within `ms`. */
export async function settlesWithin (ms: number, promise: Promise<unknown>): Promise<boolean> {
  const { promise: expired, resolve } = Promise.withResolvers<false>()
  const cancel = expireAfter(ms, () => resolve(false))
  try {
    return await Promise.race([promise.then(() => true, () => true), expired])
  } finally {
    cancel()
  }
}

/** Waits for `ms`, or until the signal aborts. */
export async function pause (ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => undefined)
}
