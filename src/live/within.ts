import { problem } from '../errors.ts'

/**
 * Settles as `work` does, or rejects as `unavailable` once `timeoutMs` have passed. The signal tells `work` that nobody
 * waits for it any more: what it has not sent by then, it does not send.
 */
export async function within<Result> (timeoutMs: number, work: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
  const abandoned = new AbortController()
  const { promise: timeout, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => {
    const error = problem('unavailable', `the live store did not answer within ${timeoutMs} ms`)
    reject(error)
    abandoned.abort(error)
  }, timeoutMs)
  try {
    return await Promise.race([work(abandoned.signal), timeout])
  } finally {
    clearTimeout(timer)
  }
}
