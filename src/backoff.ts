export interface Backoff {
  /** Milliseconds before the second attempt. */
  readonly firstMs: number
  /** Milliseconds at most. */
  readonly maxMs: number
}

/**
 * Milliseconds to wait before the next attempt: doubled after each failure, up to a maximum. Up to half of it is jitter, so
 * that those who failed together do not all try again at the same moment.
 * @param failureCount consecutive failures so far, from 1
 */
export function backoffMs ({ firstMs, maxMs }: Backoff, failureCount: number): number {
  const delayMs = Math.min(firstMs * 2 ** Math.min(Math.max(failureCount, 1) - 1, 30), maxMs)
  return Math.round(delayMs * (0.5 + Math.random() / 2))
}
