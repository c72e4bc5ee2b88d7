import { setTimeout as delay } from 'node:timers/promises'
import { problem } from './errors.ts'

/**
 * Settles like `work`, or rejects with `unavailable` when that takes longer than `ms`. The signal then tells `work`
 * not to go on to its next step; a step that hangs is left behind.
 */
export async function within<Result> (ms: number, what: string, work: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
  const expiry = new AbortController()
  const { promise: expired, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => {
    const error = problem('unavailable', undefined, { cause: new DOMException(`${what} took longer than ${ms} ms`, 'TimeoutError') })
    expiry.abort(error)
    reject(error)
  }, ms)
  const result = work(expiry.signal)
  // Nobody hears a failure that comes after the deadline.
  result.catch(() => undefined)
  try {
    return await Promise.race([result, expired])
  } finally {
    clearTimeout(timer)
  }
}

/** Whether a promise settles, either way, within `ms`. */
export async function settlesWithin (ms: number, promise: Promise<unknown>): Promise<boolean> {
  const { promise: expired, resolve } = Promise.withResolvers<false>()
  const timer = setTimeout(() => resolve(false), ms)
  try {
    return await Promise.race([promise.then(() => true, () => true), expired])
  } finally {
    clearTimeout(timer)
  }
}

/** Waits for `ms`, or until the signal tells that there is no more reason to. */
export async function pause (ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => undefined)
}
