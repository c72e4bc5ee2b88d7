import { setTimeout as delay } from 'node:timers/promises'
import { problem } from './errors.ts'

/**
 * Runs `expire` after `ms`, and not before what has come in by then was read: a process that stood still for a while
 * would otherwise take an answer that lies there already for one that did not come. Answers how to call it off.
 */
function afterwards (ms: number, expire: () => void): () => void {
  let turn: NodeJS.Immediate | undefined
  const timer = setTimeout(() => { turn = setImmediate(expire) }, ms)
  return () => {
    clearTimeout(timer)
    clearImmediate(turn)
  }
}

/**
 * Settles like `work`, or rejects with `unavailable` when that takes longer than `ms`. The signal then tells `work`
 * not to go on to its next step; a step that hangs is left behind.
 */
export async function within<Result> (ms: number, what: string, work: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
  const expiry = new AbortController()
  const { promise: expired, reject } = Promise.withResolvers<never>()
  const callOff = afterwards(ms, () => {
    const error = problem('unavailable', undefined, { cause: new DOMException(`${what} took longer than ${ms} ms`, 'TimeoutError') })
    expiry.abort(error)
    reject(error)
  })
  const result = work(expiry.signal)
  // Nobody hears a failure that comes after the deadline.
  result.catch(() => undefined)
  try {
    return await Promise.race([result, expired])
  } finally {
    callOff()
  }
}

/** Whether a promise settles, either way, within `ms`. */
export async function settlesWithin (ms: number, promise: Promise<unknown>): Promise<boolean> {
  const { promise: expired, resolve } = Promise.withResolvers<false>()
  const callOff = afterwards(ms, () => resolve(false))
  try {
    return await Promise.race([promise.then(() => true, () => true), expired])
  } finally {
    callOff()
  }
}

/** Waits for `ms`, or until the signal tells that there is no more reason to. */
export async function pause (ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => undefined)
}
