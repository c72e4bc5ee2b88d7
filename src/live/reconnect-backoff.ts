import { backoffMs } from '../backoff.ts'

/** Reports the first error of an outage, and nothing more until something has succeeded. */
export interface FailureReporter {
  /** The number of consecutive failures. */
  readonly failureCount: number
  failed (error: unknown): void
  recovered (): void
}

export function createFailureReporter (onError: (error: Error) => void): FailureReporter {
  let failureCount = 0
  return {
    get failureCount () { return failureCount },
    failed (error) {
      failureCount += 1
      if (failureCount === 1) onError(error as Error)
    },
    recovered () { failureCount = 0 }
  }
}

/** How long to wait before the next attempt to reconnect. */
export function retryDelayMs (failureCount: number): number {
  return backoffMs({ firstMs: 50, maxMs: 2_000 }, failureCount)
}
